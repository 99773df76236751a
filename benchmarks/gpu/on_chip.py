"""A whole recurrence as one program of a GPU, which keeps weights and state on its chip.

A step of a small layer is over sooner than a GPU can be told to begin the next one. Here each
group of rows runs through all steps by itself: nothing is launched in between, and the weights are
read once (persistent kernels: Diamos et al., 2016). Written in Pallas, which Triton compiles.
"""

from functools import partial
from itertools import islice

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

ROWS = 16  # of the batch that go through all steps together: the least that a product takes
WARPS = 4
WIDEST = 128  # hidden units whose weights fit on the chip


def steps_on_chip(
    step, state, arrays: tuple, read: tuple, weights: tuple, reverse: bool, interpret: bool = False
) -> tuple:
    """Run `state, new = step(state, at_t, read_t, *weights)` over time, on a GPU, in one launch.

    Rows and units are filled up with zeros to the sizes that Triton takes; they change no others.

    Args:
        interpret: True computes the same on any device, slowly, for tests.
    """
    num_steps, batch_size, num_hiddens = arrays[0].shape
    wide = max(ROWS, pl.next_power_of_2(num_hiddens))
    num_rows = -(-batch_size // ROWS) * ROWS

    def fill(x, *shape):
        return jnp.pad(x, [(0, new - old) for old, new in zip(x.shape, shape, strict=True)])

    state = fill(state, num_rows, wide)
    arrays, read = ([fill(x, num_steps, num_rows, wide) for x in xs] for xs in (arrays, read))
    weights = [fill(W, *[wide] * W.ndim) for W in weights]
    every_step = pl.BlockSpec((num_steps, ROWS, wide), lambda i: (0, i, 0))
    one_step = pl.BlockSpec((ROWS, wide), lambda i: (i, 0))
    whole = [pl.BlockSpec(W.shape, lambda i, ndim=W.ndim: (0,) * ndim) for W in weights]
    state, *written = pl.pallas_call(
        partial(kernel, step, len(arrays), len(read), len(weights), reverse),
        out_shape=[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in (state, *arrays)],
        grid=num_rows // ROWS,
        in_specs=[one_step, *[every_step] * (len(arrays) + len(read)), *whole],
        out_specs=[one_step, *[every_step] * len(arrays)],
        compiler_params=triton.CompilerParams(num_warps=WARPS),
        interpret=interpret,
    )(state, *arrays, *read, *weights)
    return state[:batch_size, :num_hiddens], tuple(x[:, :batch_size, :num_hiddens] for x in written)


def kernel(step, num_arrays: int, num_read: int, num_weights: int, reverse: bool, *refs) -> None:
    """Run all steps for `ROWS` rows of the batch; what happens where is said by `refs`."""
    refs = iter(refs)
    (first,), arrays, read, weights = (
        list(islice(refs, n)) for n in (1, num_arrays, num_read, num_weights)
    )
    last, *written = refs
    num_steps = arrays[0].shape[0]
    weights = [ref[...] for ref in weights]

    def body(i, state):
        t = num_steps - 1 - i if reverse else i
        at_t, read_t = ([ref[t] for ref in group] for group in (arrays, read))
        state, new = step(state, at_t, read_t, *weights)
        for ref, x_t in zip(written, new, strict=True):
            ref[t] = x_t
        return state

    last[...] = jax.lax.fori_loop(0, num_steps, body, first[...])
