"""The compiled inner part of training: one call per epoch, each batch shared by all devices.

A batch is cut into micro-batches whose activations stay in a core's cache. Each device adds up
the loss and the gradients of its micro-batches, then the devices add theirs together: the same
numbers as for the whole batch at once, up to rounding.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, PartitionSpec

from charlm_lib.data import TextData, gather_windows

SMALLEST, LARGEST = 32, 128  # windows in a micro-batch; 64 to 512 differed by less than 10%


def device_mesh() -> Mesh:
    """Give a mesh of all local devices with the one axis "batch"."""
    return Mesh(np.array(jax.local_devices()), ("batch",))


def micro_batch_size(batch_size: int, mesh: Mesh) -> int:
    """Choose how many windows go through the model at once.

    On a CPU an eighth of the batch, but between 32 and 128 windows. It does not depend on the
    number of cores, so that dropout draws the same masks on every machine. An accelerator takes
    its whole share of the batch at once.
    """
    if mesh.devices.flat[0].platform != "cpu":
        return -(-batch_size // mesh.size)
    return min(batch_size, max(SMALLEST, min(-(-batch_size // 8), LARGEST)))


def micro_batches(num_windows: int, batch_size: int, micro: int, mesh: Mesh) -> tuple:
    """Lay windows out as `(num_batches, micro_batches, micro)`, with weights.

    Padding has weight 0, so that a short last batch needs no other program.

    Returns:
        Positions from 0 to num_windows - 1 (int32) and weights (float32), of the same shape. The
        second axis is a multiple of the number of devices.
    """
    num_batches = -(-num_windows // batch_size)
    padded = -(-batch_size // (micro * mesh.size)) * micro * mesh.size
    column = np.arange(padded, dtype=np.int32)
    position = np.arange(num_batches, dtype=np.int32)[:, None] * batch_size + column
    used = (column < batch_size) & (position < num_windows)
    position = np.where(used, position, 0).reshape(num_batches, -1, micro)
    return position, used.astype(np.float32).reshape(position.shape)


def total_nll(model, params, windows, weights, key=None) -> jax.Array:
    """Add up the negative log-likelihoods (nats) of a micro-batch, window i times weights[i]."""
    X, Y = windows
    rngs = None if key is None else {"dropout": key}
    logits, _ = model.apply(params, X, training=key is not None, rngs=rngs)
    nll = optax.softmax_cross_entropy_with_integer_labels(logits, Y)
    return jnp.sum(nll * weights[:, None])


def sum_over_micro_batches(function, mesh: Mesh, num_steps: int):
    """Make a function of `(params, tokens, starts, weights, keys)` that adds up `function`.

    `function(params, windows, weights, key)` is evaluated for each micro-batch; its results are
    added on each device, and then over the devices. `keys` has one key per micro-batch, so that
    dropout does not depend on the number of devices; None stands for evaluation.
    """

    def on_one_device(params, tokens, *micros):
        def evaluate(micro):
            starts, weights, key = micro
            return function(params, gather_windows(tokens, starts, num_steps), weights, key)

        def add(total, micro):
            return jax.tree.map(jnp.add, total, evaluate(micro)), None

        shapes = jax.eval_shape(evaluate, jax.tree.map(lambda x: x[0], micros))
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
        return jax.lax.psum(jax.lax.scan(add, zeros, micros)[0], "batch")

    split, whole = PartitionSpec("batch"), PartitionSpec()
    return jax.shard_map(
        on_one_device,
        mesh=mesh,
        in_specs=(whole, whole, split, split, split),
        out_specs=whole,
        check_vma=False,  # layers make their first state inside, alike on every device
    )


def windows_nll(model, num_steps: int, mesh: Mesh, params, tokens, starts, weights) -> jax.Array:
    """Add up the negative log-likelihoods (nats) of windows, laid out by `micro_batches`."""
    total = sum_over_micro_batches(partial(total_nll, model), mesh, num_steps)
    return total(params, tokens, starts, weights, None)


def split_windows(data: TextData, split: str, mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Give the starts and weights of all windows of a split, as one batch of micro-batches."""
    starts = data.starts(split)
    micro = micro_batch_size(data.batch_size, mesh)
    position, weights = micro_batches(len(starts), len(starts), micro, mesh)
    return starts[position[0]], weights[0]


def epoch_function(model, data: TextData, optimizer: optax.GradientTransformation, mesh: Mesh):
    """Make the function that trains for one epoch and validates.

    It maps `(params, opt_state, tokens, key)` to `(params, opt_state, nll, grad_norms, val_nll)`:
    the training windows in a new order, `data.batch_size` at a time; `nll` (nats) and the norms
    of the gradients, before any clipping, have shape `(num_updates,)`. An update that is not
    finite is not made.
    """
    starts = data.starts("train")
    micro = micro_batch_size(data.batch_size, mesh)
    position, weights = micro_batches(len(starts), data.batch_size, micro, mesh)
    gradient = sum_over_micro_batches(
        jax.value_and_grad(partial(total_nll, model)), mesh, data.num_steps
    )
    val_windows = split_windows(data, "val", mesh)

    def update(carry, batch, tokens):
        params, opt_state = carry
        starts, weights, keys = batch
        nll, grads = gradient(params, tokens, starts, weights, keys)
        grads = jax.tree.map(lambda g: g / (weights.sum() * data.num_steps), grads)
        grad_norm = optax.tree.norm(grads)
        steps, new_opt_state = optimizer.update(grads, opt_state, params)
        new_params = optax.apply_updates(params, steps)
        finite = jnp.isfinite(nll + grad_norm + optax.tree.norm(new_params))
        carry = jax.tree.map(
            lambda new, old: jnp.where(finite, new, old),
            (new_params, new_opt_state),
            (params, opt_state),
        )
        return carry, (jnp.where(finite, nll, jnp.nan), grad_norm)

    def epoch(params, opt_state, tokens, key):
        shuffle_key, dropout_key = jax.random.split(key)
        shuffled = jax.random.permutation(shuffle_key, starts)[position]
        batch, micro = (jnp.arange(n) for n in position.shape[:2])
        batch_keys = jax.vmap(jax.random.fold_in, (None, 0))(dropout_key, batch)
        keys = jax.vmap(jax.vmap(jax.random.fold_in, (None, 0)), (0, None))(batch_keys, micro)
        (params, opt_state), (nll, grad_norms) = jax.lax.scan(
            partial(update, tokens=tokens), (params, opt_state), (shuffled, weights, keys)
        )
        val_nll = windows_nll(model, data.num_steps, mesh, params, tokens, *val_windows)
        return params, opt_state, nll, grad_norms, val_nll

    return epoch
