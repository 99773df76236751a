"""What a step costs that does nothing: the price of launching it."""

import jax
import jax.numpy as jnp

from benchmarks.floor import best_seconds


def seconds_per_step(quick: bool) -> float:
    """Measure the seconds per step of a loop whose steps are one tiny operation each."""
    steps = 10 if quick else 1_000
    x = jnp.ones((16, 16))

    @jax.jit
    def loop(x):
        return jax.lax.fori_loop(0, steps, lambda _, x: jnp.tanh(x), x)

    return best_seconds(loop, x) / steps
