"""The devices that train, and how the windows of an epoch are shared among them.

A batch is cut into micro-batches whose activations stay in a core's cache.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.multihost_utils import process_allgather
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from charlm_lib.texts.data import shuffled

SMALLEST, LARGEST = 32, 128  # windows in a micro-batch; measured: 64 to 512 differ by under 10%


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
    column = jnp.arange(padded)  # of a batch, filled up to whole micro-batches on every device
    position = jnp.arange(num_batches)[:, None] * batch_size + column  # (num_batches, padded)
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
    return jax.random.bits(shuffle_key, (num_windows,), jnp.uint32), dropout_key


@partial(jax.jit, static_argnums=(0, 1))
def batches_with_keys(mesh: Mesh, batch_size: int, starts: jax.Array, key: jax.Array) -> tuple:
    """Lay windows out in their order, with a key for each micro-batch.

    The model has no part in it, so that an edited model finds this program compiled.
    """
    micro = micro_batch_size(batch_size, mesh)
    laid_out, weights = micro_batches(starts, batch_size, micro, mesh)
    batch, micros = (jnp.arange(n) for n in laid_out.shape[:2])
    batch_keys = jax.vmap(jax.random.fold_in, (None, 0))(key, batch)  # (num_batches,)
    keys = jax.vmap(jax.vmap(jax.random.fold_in, (None, 0)), (0, None))(batch_keys, micros)
    # keys: (num_batches, micro-batches of a batch)
    return jax.lax.with_sharding_constraint((laid_out, weights, keys), shared_rows(mesh))


def shared_rows(mesh: Mesh) -> NamedSharding:
    """Say that the second axis of an array, the rows of each batch, is shared by the devices."""
    return NamedSharding(mesh, PartitionSpec(None, "batch"))
