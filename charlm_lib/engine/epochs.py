"""The compiled inner part of training: one call per epoch, each batch shared by all devices.

A batch is cut into micro-batches whose activations stay in a core's cache. Each device adds up
the loss and the gradients of its micro-batches, then the devices add theirs together: the same
numbers as for the whole batch at once, up to rounding.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jax.experimental.multihost_utils import process_allgather
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from charlm_lib.data import gather_windows, shuffled
from charlm_lib.engine.devices import compiler_options
from charlm_lib.losses import weighted_nll

COMPILER = ThreadPoolExecutor(1, "compiler")
SMALLEST, LARGEST = 32, 128  # windows in a micro-batch; 64 to 512 differed by less than 10%


def device_mesh(devices: list | None = None) -> Mesh:
    """Give a mesh with the one axis "batch" of these devices; None: all, on every host."""
    return Mesh(np.array(jax.devices() if devices is None else devices), ("batch",))


def on_all_devices(tree, mesh: Mesh):
    """Copy arrays to every device of a mesh; every process must pass the same ones."""
    whole = NamedSharding(mesh, PartitionSpec())
    return jax.tree.map(
        lambda x: jax.make_array_from_callback(x.shape, whole, lambda index: x), tree
    )


def on_any_process(flag: bool) -> bool:
    """Say whether the flag is set in any of the processes that train together."""
    if jax.process_count() == 1:
        return flag
    return bool(process_allgather(np.array(flag)).any())


def micro_batch_size(batch_size: int, mesh: Mesh) -> int:
    """Choose how many windows go through the model at once.

    On a CPU an eighth of the batch, but between 32 and 128 windows. It does not depend on the
    number of cores, so that dropout draws the same masks on every machine. An accelerator takes
    its whole share of the batch at once.
    """
    if mesh.devices.flat[0].platform != "cpu":
        return -(-batch_size // mesh.size)
    return min(batch_size, max(SMALLEST, min(-(-batch_size // 8), LARGEST)))


def micro_batches(starts: jax.Array, batch_size: int, micro: int, mesh: Mesh) -> tuple:
    """Lay the starts of windows out as `(num_batches, micro_batches, micro)`, with weights.

    Padding has weight 0, so that a short last batch needs no other program.

    Returns:
        Starts (int32) and weights (float32), of the same shape. The second axis is a multiple of
        the number of devices.
    """
    num_batches = -(-len(starts) // batch_size)
    padded = -(-batch_size // (micro * mesh.size)) * micro * mesh.size
    column = jnp.arange(padded)
    position = jnp.arange(num_batches)[:, None] * batch_size + column
    used = (column < batch_size) & (position < len(starts))
    laid_out = starts[jnp.where(used, position, 0)].reshape(num_batches, -1, micro)
    return laid_out, used.astype(jnp.float32).reshape(laid_out.shape)


def shuffled_batches(
    mesh: Mesh, batch_size: int, starts: np.ndarray, key: jax.Array, epoch: int
) -> tuple:
    """Lay out the windows of an epoch in an order of its own, with a dropout key per micro-batch.

    Returns:
        Starts, weights and keys, each on the devices that will use it.
    """
    bits, dropout_key = epoch_bits(key, epoch, len(starts))
    return batches_with_keys(mesh, batch_size, shuffled(starts, bits), dropout_key)


@partial(jax.jit, static_argnums=2)
def epoch_bits(key: jax.Array, epoch: int, num_windows: int) -> tuple[jax.Array, jax.Array]:
    """Draw 32 bits for each window, to shuffle them by, and the key of the epoch's dropout."""
    shuffle_key, dropout_key = jax.random.split(jax.random.fold_in(key, epoch))
    return jax.random.bits(shuffle_key, (num_windows,)), dropout_key


@partial(jax.jit, static_argnums=(0, 1))
def batches_with_keys(mesh: Mesh, batch_size: int, starts: jax.Array, key: jax.Array) -> tuple:
    """Lay windows out in their order, with a key for each micro-batch.

    The model has no part in it, so that an edited model finds this program compiled.
    """
    micro = micro_batch_size(batch_size, mesh)
    laid_out, weights = micro_batches(starts, batch_size, micro, mesh)
    batch, micros = (jnp.arange(n) for n in laid_out.shape[:2])
    batch_keys = jax.vmap(jax.random.fold_in, (None, 0))(key, batch)
    keys = jax.vmap(jax.vmap(jax.random.fold_in, (None, 0)), (0, None))(batch_keys, micros)
    return jax.lax.with_sharding_constraint((laid_out, weights, keys), shared_rows(mesh))


def shared_rows(mesh: Mesh) -> NamedSharding:
    """Say that the second axis of an array, the rows of each batch, is shared by the devices."""
    return NamedSharding(mesh, PartitionSpec(None, "batch"))


def apply_in(dtype: str, model, params, X, **options) -> tuple:
    """Call `model.apply` on weights, inputs and first state in a smaller type; logits in float32.

    So all products are in that type too. The weights themselves, and with them their gradients,
    stay in float32 (Micikevicius et al., 2018).
    """

    def small_one_hot(method, args, kwargs, context):
        output = method(*args, **kwargs)
        is_one_hot = context.method_name == "one_hot" and jnp.issubdtype(output.dtype, jnp.floating)
        return output.astype(dtype) if is_one_hot else output

    _, state = jax.eval_shape(partial(model.apply, **options), params, X)
    state = jax.tree.map(lambda x: jnp.zeros(x.shape, dtype), state)
    params = jax.tree.map(lambda x: x.astype(dtype), params)
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
    # Time first, as the layers compute: XLA need not turn the logits round.
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
            starts, weights, key = micro
            windows = gather_windows(tokens, starts, num_steps)
            return transpose(function(params, windows, weights, key))

        def add(total, micro):
            return jax.tree.map(jnp.add, total, evaluate(micro)), None

        shapes = jax.eval_shape(evaluate, jax.tree.map(lambda x: x[0], micros))
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
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
        starts, weights, keys = batch
        nll, grads = gradient(params, tokens, starts, weights, keys)
        grads = jax.tree.map(lambda g: g / (weights.sum() * num_steps), grads)
        params, opt_state, *measured = guarded_update(optimizer, params, opt_state, grads, nll)
        return (params, opt_state), tuple(measured)

    def epoch(params, opt_state, tokens, batches, val_starts):
        (params, opt_state), (nll, grad_norms) = jax.lax.scan(
            partial(update, tokens=tokens), (params, opt_state), batches
        )
        sizes = num_steps, batch_size
        val_nll = windows_nll(model, compute_dtype, mesh, *sizes, params, tokens, val_starts)
        return params, opt_state, nll, grad_norms, val_nll

    return epoch


@lru_cache(maxsize=16)
def compiling_epoch(
    function, model, compute_dtype, mesh, num_steps, batch_size, optimizer, structure, leaves
) -> Future:
    """Trace the epoch that `function` makes, and begin to compile it; a second time costs nothing.

    Args:
        function: `epoch_function`, or another one like it; the next arguments are its own.
        structure, leaves: the shapes of what the epoch will be called with, from `abstract`.

    Returns:
        The compiled epoch, as soon as it is ready. It is compiled in a thread of its own, so that
        the caller can meanwhile draw the parameters, which compiles a program too.
    """
    epoch = function(model, compute_dtype, mesh, num_steps, batch_size, optimizer)
    options = compiler_options(mesh.devices.flat[0].platform)
    program = jax.jit(epoch, donate_argnums=(0, 1), compiler_options=options)
    return COMPILER.submit(program.lower(*structure.unflatten(leaves)).compile)


def compiled(program: Future):
    """Wait for the program of `compiling_epoch`; one that failed is not kept for the next time."""
    try:
        return program.result()
    except Exception:
        compiling_epoch.cache_clear()
        raise


def abstract(arguments, mesh: Mesh) -> tuple:
    """Give the structure of arguments and their shapes, types and places, as hashable values.

    What has no place yet will be on every device of the mesh.
    """
    leaves, structure = jax.tree.flatten(arguments)
    whole = NamedSharding(mesh, PartitionSpec())
    shapes = (jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding or whole) for x in leaves)
    return structure, tuple(shapes)
