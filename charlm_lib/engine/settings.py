"""JAX as others set it: what the library sets otherwise while it computes, and what it keeps."""

from contextlib import ExitStack, contextmanager

import jax

# What the library needs, by the name that has `jax_` before it in JAX's settings.
OURS = {
    "disable_jit": False,  # an epoch is one compiled program for all devices
    "numpy_rank_promotion": "allow",  # chapters add a bias to rows of states, as equations do
    "numpy_dtype_promotion": "standard",  # optax multiplies whole numbers by fractions
}
# What decides the numbers of a program although its arguments and its source do not tell.
DECIDING = ("enable_x64", "default_matmul_precision", "threefry_partitionable")


@contextmanager
def our_settings():
    """Set JAX, within `with our_settings():` or in a function below it, as our programs need it.

    Programs are compiled although the user has turned `jax.jit` off. Rules for how code is written
    hold for the user's own code: shapes and types are matched as NumPy matches them, and what a
    run needs is moved to the devices. Precision, random numbers and devices stay as the user has
    set them. Under `jax_enable_x64` a model computes what JAX and Flax make of it: layers from
    scratch have weights in float64, those of Flax weights in float32 and states in float64.
    """
    with ExitStack() as stack:
        for name, value in OURS.items():
            if getattr(jax.config, f"jax_{name}") != value:
                stack.enter_context(getattr(jax, name)(value))
        stack.enter_context(jax.transfer_guard("allow"))
        yield


@contextmanager
def no_checks_of_numbers():
    """Let numbers be infinite or nan within `with`, although `jax_debug_nans` is set.

    For programs that say themselves which of their results are not finite.
    """
    with jax.debug_nans(False), jax.debug_infs(False):
        yield


def deciding_settings() -> tuple:
    """Give the user's settings that decide what a program computes, as part of a cache's key."""
    values = [getattr(jax.config, f"jax_{name}") for name in DECIDING]
    return *values, jax.config.read("jax_disable_most_optimizations")
