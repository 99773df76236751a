"""Compiling an epoch, in a thread of its own and once for all runs that can share it."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from charlm_lib.engine.devices import compiler_options
from charlm_lib.engine.settings import deciding_settings, no_checks_of_numbers

COMPILER = ThreadPoolExecutor(1, "compiler")


@lru_cache(maxsize=16)
def compiling_epoch(
    function,
    model,
    compute_dtype,
    mesh,
    num_steps,
    batch_size,
    optimizer,
    structure,
    leaves,
    settings,
) -> Future:
    """Trace the epoch that `function` makes, and begin to compile it; a second time costs nothing.

    Args:
        function: `epoch_function`, or another one like it; the next arguments are its own.
        structure, leaves, settings: what the epoch will be called with, from `abstract`.

    Returns:
        The compiled epoch, as soon as it is ready. It is compiled in a thread of its own, so that
        the caller can meanwhile draw the parameters, which compiles a program too.
    """
    epoch = function(model, compute_dtype, mesh, num_steps, batch_size, optimizer)
    options = compiler_options(mesh.devices.flat[0].platform)
    program = jax.jit(epoch, donate_argnums=(0, 1), compiler_options=options)
    return COMPILER.submit(program.lower(*structure.unflatten(leaves)).compile)


def compiled(program: Future):
    """Wait for the program of `compiling_epoch`; one that failed is not kept for the next time.

    JAX's own search for what is not finite is off in it: an epoch says itself which updates are
    not, and does not make them; and the longest gradient may be infinite.
    """
    try:
        return no_checks_of_numbers()(program.result())
    except Exception:
        compiling_epoch.cache_clear()
        raise


def abstract(arguments, mesh: Mesh) -> tuple:
    """Give what a program for these arguments depends on besides its source, as hashable values.

    That is their structure; their shapes, types and places, where what has no place yet will be
    on every device of the mesh; and the settings of JAX.
    """
    leaves, structure = jax.tree.flatten(arguments)
    whole = NamedSharding(mesh, PartitionSpec())
    shapes = (jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding or whole) for x in leaves)
    return structure, tuple(shapes), deciding_settings()
