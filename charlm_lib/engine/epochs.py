"""The compiled inner part of training: one call per epoch, each batch shared by all devices.

Each device adds up the loss and the gradients of its micro-batches, then the devices add theirs
together: the same numbers as for the whole batch at once, up to rounding.
"""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, PartitionSpec

from charlm_lib.engine.batches import micro_batch_size, micro_batches
from charlm_lib.engine.probing import is_known, starts_at_zeros
from charlm_lib.losses import weighted_nll
from charlm_lib.texts.data import gather_windows


def smaller(dtype: str, tree):
    """Turn the floating-point arrays of a tree into a smaller type."""
    return jax.tree.map(
        lambda x: x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x, tree
    )


def apply_in(dtype: str, model, params, X, **options) -> tuple:
    """Call `model.apply` on weights, inputs and first state in a smaller type; logits in float32.

    So all products are in that type too. The weights themselves, and with them their gradients,
    stay in float32 (Micikevicius et al., 2018). A model of one's own whose first state is not zeros
    makes that state itself, from smaller weights.
    """

    def small_one_hot(method, args, kwargs, context):
        output = method(*args, **kwargs)
        is_one_hot = context.method_name == "one_hot" and jnp.issubdtype(output.dtype, jnp.floating)
        return output.astype(dtype) if is_one_hot else output

    state = None
    if is_known(model) or starts_at_zeros(model):
        _, state = jax.eval_shape(partial(model.apply, **options), params, X)
        state = smaller(dtype, jax.tree.map(jnp.zeros_like, state))
    params = smaller(dtype, params)
    with nn.intercept_methods(small_one_hot):
        logits, state = model.apply(params, X, state, **options)
    return logits.astype(jnp.float32), state


def total_nll(model, compute_dtype, params, windows, weights, key=None) -> jax.Array:
    """Add up the negative log-likelihoods (nats) of a micro-batch, window i times weights[i]."""
    X, Y = windows
    rngs = None if key is None else {"dropout": key}
    apply = model.apply if compute_dtype is None else partial(apply_in, compute_dtype, model)
    wide = getattr(type(model), "wide_forward", None)  # of a fused twin
    logits, _ = apply(params, X, training=key is not None, rngs=rngs, method=wide)
    weights = weights.astype(logits.dtype)
    # Time first, (num_steps, micro, vocab_size), as the layers compute: XLA need not turn it round.
    return weighted_nll(logits.swapaxes(0, 1), Y.T, jnp.broadcast_to(weights, Y.T.shape))


def sum_over_devices(tree):
    """Add up the arrays of a tree over all devices, as one vector: so they wait only once."""
    vector, unravel = ravel_pytree(tree)
    return unravel(jax.lax.psum(vector, "batch"))


def sum_over_micro_batches(function, mesh: Mesh, num_steps: int):
    """Make a function of `(params, tokens, starts, weights, keys)` that adds up `function`.

    `function(params, windows, weights, key)` is evaluated for each micro-batch; its results are
    added on each device, and then over the devices. `keys` has one key per micro-batch, so that
    dropout does not depend on the number of devices; None stands for evaluation.
    """

    function = jax.jit(function)  # JAX then traces it once, although it is called twice below

    # Gradients are added up as transposed arrays: as JAX derives them, they are transposed
    # products, which XLA would turn round to a form that its fast products on a CPU do not take.
    transpose = partial(jax.tree.map, jnp.transpose)

    def on_one_device(params, tokens, *micros):
        def evaluate(micro):
            starts, weights, key = micro  # (micro,), (micro,), one key
            windows = gather_windows(tokens, starts, num_steps)
            return transpose(function(params, windows, weights, key))

        def add(total, micro):
            return jax.tree.map(jnp.add, total, evaluate(micro)), None

        shapes = jax.eval_shape(evaluate, jax.tree.map(lambda x: x[0], micros))
        zeros = jax.tree.map(jnp.zeros_like, shapes)
        return transpose(sum_over_devices(jax.lax.scan(add, zeros, micros)[0]))

    split, whole = PartitionSpec("batch"), PartitionSpec()
    return jax.shard_map(
        on_one_device,
        mesh=mesh,
        in_specs=(whole, whole, split, split, split),
        out_specs=whole,
        check_vma=False,  # layers make their first state inside, alike on every device
    )


def windows_nll(
    model, compute_dtype, mesh: Mesh, num_steps: int, batch_size: int, params, tokens, starts
):
    """Add up the negative log-likelihoods (nats) of the windows that begin at `starts`.

    No activations are kept for a backward pass, so twice as many windows go through the model at
    once as in training. Pieces of about the same size need hardly any padding.
    """
    share = -(-len(starts) // mesh.size)
    pieces = -(-share // (2 * micro_batch_size(batch_size, mesh)))
    micro = -(-share // pieces)
    total = sum_over_micro_batches(partial(total_nll, model, compute_dtype), mesh, num_steps)
    # All windows are one batch: (1, pieces, micro) -> (pieces, micro)
    (batch,), (weights,) = micro_batches(starts, len(starts), micro, mesh)
    return total(params, tokens, batch, weights, None)


def guarded_update(optimizer: optax.GradientTransformation, params, opt_state, grads, nll) -> tuple:
    """Make one update, unless it is not finite.

    Returns:
        The new parameters, the new state of the optimizer, `nll` (nan where the update was not
        made), and the norm of the gradients.
    """
    steps, new_opt_state = optimizer.update(grads, opt_state, params)
    new_params = optax.apply_updates(params, steps)
    # As one vector each, since XLA compiles a program for every array that it adds up.
    grad_norm, new_norm = (jnp.linalg.norm(ravel_pytree(x)[0]) for x in (grads, new_params))
    finite = jnp.isfinite(nll + grad_norm + new_norm)
    params, opt_state = jax.tree.map(
        lambda new, old: jnp.where(finite, new, old),
        (new_params, new_opt_state),
        (params, opt_state),
    )
    return params, opt_state, jnp.where(finite, nll, jnp.nan), grad_norm


def epoch_function(
    model,
    compute_dtype: str | None,
    mesh: Mesh,
    num_steps: int,
    batch_size: int,
    optimizer: optax.GradientTransformation,
):
    """Make the function that trains for one epoch and validates.

    It maps `(params, opt_state, tokens, batches, val_starts)` to `(params, opt_state, nll,
    grad_norms, val_nll)`, with `batches` from `shuffled_batches`; `nll` (nats) and the norms of
    the gradients, before any clipping, have shape `(num_updates,)`. An update that is not finite
    is not made.
    """
    gradient = sum_over_micro_batches(
        jax.value_and_grad(partial(total_nll, model, compute_dtype)), mesh, num_steps
    )

    def update(carry, batch, tokens):
        params, opt_state = carry
        starts, weights, keys = batch  # (micro-batches, micro) twice, (micro-batches,)
        nll, grads = gradient(params, tokens, starts, weights, keys)
        # From a sum to the mean over the characters that count
        grads = jax.tree.map(lambda g: g / (weights.sum() * num_steps), grads)
        params, opt_state, *measured = guarded_update(optimizer, params, opt_state, grads, nll)
        return (params, opt_state), tuple(measured)

    def epoch(params, opt_state, tokens, batches, val_starts):
        # nll and grad_norms: (num_updates,)
        (params, opt_state), (nll, grad_norms) = jax.lax.scan(
            partial(update, tokens=tokens), (params, opt_state), batches
        )
        sizes = num_steps, batch_size
        val_nll = windows_nll(model, compute_dtype, mesh, *sizes, params, tokens, val_starts)
        return params, opt_state, nll, grad_norms, val_nll

    return epoch
