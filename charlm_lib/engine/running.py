"""One training run, epoch by epoch: where its arrays are, and the program compiled for it."""

import time
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from charlm_lib.engine.batches import device_mesh, on_all_devices, shuffled_batches
from charlm_lib.engine.compiling import abstract, compiled, compiling_epoch
from charlm_lib.engine.epochs import epoch_function
from charlm_lib.engine.optimizers import Rule, restored_state
from charlm_lib.engine.parameters import as_key, first_params, param_shapes
from charlm_lib.engine.programs import as_numbers
from charlm_lib.engine.streams import stream_batches, stream_epoch_function, stream_mesh
from charlm_lib.engine.twins import fuse, training_uses
from charlm_lib.texts.data import TextData


class Measured(NamedTuple):
    """What an epoch was like: nats in total, and one norm of the gradient per update."""

    train_nll: np.ndarray  # (num_updates,), nan where an update was not made
    val_nll: float
    grad_norms: np.ndarray  # (num_updates,), before clipping
    seconds: float


class Begin(NamedTuple):
    """What a run begins with, if not with new parameters and a new state of the optimizer."""

    params: dict
    opt_state: list[np.ndarray]  # its leaves, from `as_numbers`; empty: a new state


class Run:
    """A training run: after `wait`, call `epoch` with 1, 2, 3, ... and read `params` in between.

    Making one begins to compile its program, in a thread, and meanwhile draws `first_params`.

    Args:
        model, data: the language model and the windows.
        starts: the first positions of the windows to train on.
        key: a JAX random key, or a seed for one.
        rule: the optimizer.
        compute_dtype, carry_state: see `Trainer`.
        will_train: False compiles nothing.
        begin: what to begin with; None: new parameters, drawn from the key.
    """

    def __init__(
        self,
        model: nn.Module,
        data: TextData,
        starts: np.ndarray,
        key: jax.Array | int,
        rule: Rule,
        compute_dtype: str | None,
        carry_state: bool,
        will_train: bool,
        begin: Begin | None = None,
    ):
        self.begun, self.compile_seconds = time.perf_counter(), 0.0
        self.rule = rule
        self.mesh = stream_mesh(device_mesh()) if carry_state else device_mesh()
        arrays = data.tokens, data.starts("val")
        self.tokens, self.val_starts = on_all_devices(arrays, self.mesh)
        order_key = on_all_devices(jax.random.split(as_key(key))[1], self.mesh)
        lay_out = stream_batches if carry_state else shuffled_batches
        self.lay_out = partial(lay_out, self.mesh, data.batch_size, starts, order_key)
        if will_train:
            twin = fuse(model, *training_uses(data, compute_dtype, carry_state))
            make_epoch = stream_epoch_function if carry_state else epoch_function
            how = make_epoch, twin, compute_dtype, self.mesh, data.num_steps, data.batch_size
            self.compiling = self.begin_to_compile(how, param_shapes(model), rule)
        params = first_params(model, key) if begin is None else begin.params
        self.first_params = jax.device_get(params)
        opt_state = rule.first_state(params)
        if begin is not None and begin.opt_state:
            opt_state = restored_state(rule, params, begin.opt_state)
        # Copies, because the parameters are donated: an optimizer may keep them in its state.
        self.state = on_all_devices((params, jax.tree.map(jnp.copy, opt_state)), self.mesh)

    def begin_to_compile(self, how: tuple, shapes: dict, rule: Rule) -> Future:
        """Begin to compile the epoch that `how` makes, for parameters of these shapes."""
        self.first_batches = self.lay_out(1)
        opt_shapes = jax.eval_shape(rule.first_state, shapes)
        arguments = shapes, opt_shapes, self.tokens, self.first_batches, self.val_starts
        return compiling_epoch(*how, rule.optimizer, *abstract(arguments, self.mesh))

    def wait(self) -> None:
        """Wait until the program is compiled."""
        self.program = compiled(self.compiling)
        self.compile_seconds = time.perf_counter() - self.begun

    def epoch(self, number: int) -> Measured:
        """Train for one epoch, counted from 1, and validate."""
        begun = time.perf_counter()
        batches = self.first_batches if number == 1 else self.lay_out(number)
        *self.state, nll, norms, val_nll = self.program(
            *self.state, self.tokens, batches, self.val_starts
        )
        nll, norms, val_nll = jax.device_get((nll, norms, val_nll))
        return Measured(nll, float(val_nll), norms, time.perf_counter() - begun)

    @property
    def params(self) -> dict:
        """The present parameters, as NumPy arrays."""
        return jax.device_get(self.state[0])

    @property
    def opt_state(self) -> list[np.ndarray]:
        """The leaves of the optimizer's present state; none of plain SGD, which remembers none."""
        return [] if self.rule.is_sgd else [as_numbers(x) for x in jax.tree.leaves(self.state[1])]
