"""The fused twins: the chapters' models on loops and a backward pass of their own.

XLA compiles a Python loop over time into one long program: it takes longer to compile and, with
several layers, to run. Here one step is compiled, and whatever need not wait for the step before it
happens once for all steps: the products with the inputs before the loop, the gradients of the
weights after it (`products`). The loops are in `recurrences` and `lstm_recurrence`. The parameters
have the same names and shapes as in `layers`, so either module runs the weights of the other.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.checks import check_inputs, check_sizes, initial_state
from charlm_lib.engine.lstm_recurrence import lstm_recurrence
from charlm_lib.engine.products import project
from charlm_lib.engine.recurrences import gru_recurrence, tanh_recurrence
from charlm_lib.language_model import RNNLM, RNNLMScratch
from charlm_lib.layers.concise import GRU, LSTM, RNN
from charlm_lib.layers.scratch import RNNScratch, StackedRNNScratch
from charlm_lib.losses import LANES


class FusedRNNScratch(RNNScratch):
    """`RNNScratch`, fused; same arguments, parameters and results, and ids as inputs too."""

    def __call__(self, inputs, state=None, training=False):
        check_vectors_or_ids(inputs, self.num_inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        arrays = in_one_type(inputs, state, self.W_xh, self.b_h, self.W_hh)
        inputs, state, W_xh, b_h, W_hh = arrays
        # All steps at once: (num_steps, batch_size, num_hiddens)
        (projections,) = project(inputs, (W_xh,), (b_h,))
        outputs = tanh_recurrence(projections, state, W_hh)
        return outputs, outputs[-1]


class FusedStackedRNNScratch(StackedRNNScratch):
    """`StackedRNNScratch`, fused; same arguments, parameters and results, and ids as inputs too."""

    def setup(self):
        check_sizes(num_layers=self.num_layers)
        self.layers = [
            FusedRNNScratch(
                self.num_hiddens if i else self.num_inputs, self.num_hiddens, self.sigma
            )
            for i in range(self.num_layers)
        ]

    def __call__(self, inputs, state=None, training=False):
        check_vectors_or_ids(inputs, self.num_inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for layer, layer_state in zip(self.layers, state, strict=True):
            outputs, layer_state = layer(outputs, layer_state)
            new_state.append(layer_state)
        return outputs, jnp.stack(new_state)


class FusedRNN(RNN):
    """`RNN`, fused; same arguments, parameters and results, and ids as inputs too."""

    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.SimpleCell makes the parameters
            return super().__call__(inputs, state, training)
        check_vectors_or_ids(inputs)
        state = initial_state(state, (inputs.shape[1], self.num_hiddens))
        cell = self.variables["params"]["cell"]
        inputs, state, cell = in_one_type(inputs, state, cell)
        (projections,) = project(inputs, (cell["i"]["kernel"],), (cell["i"]["bias"],))
        outputs = tanh_recurrence(projections, state, cell["h"]["kernel"])
        return outputs, outputs[-1]


class FusedGRU(GRU):
    """`GRU`, fused; same arguments, parameters, masks and results, and ids as inputs too."""

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.GRUCell makes the parameters
            return super().__call__(inputs, state, training)
        check_vectors_or_ids(inputs)
        state = initial_state(state, (self.num_layers, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for i, layer_state in enumerate(state):
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            cell = self.variables["params"][f"layer_{i}"]
            outputs, layer_state, cell = in_one_type(outputs, layer_state, cell)
            W = {name: gate["kernel"] for name, gate in cell.items()}
            b = {name: gate["bias"] for name, gate in cell.items() if "bias" in gate}
            gates = "ir", "iz", "in"
            # One array per gate, each (num_steps, batch_size, num_hiddens)
            projections = project(outputs, tuple(W[g] for g in gates), tuple(b[g] for g in gates))
            weights = W["hr"], W["hz"], W["hn"], b["hn"]
            outputs = gru_recurrence(projections, layer_state, *weights)
            new_state.append(outputs[-1])
        return outputs, jnp.stack(new_state)


class FusedLSTM(LSTM):
    """`LSTM`, fused; same arguments, parameters, masks and results, and ids as inputs too."""

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        if self.is_initializing():  # nn.OptimizedLSTMCell makes the parameters
            return super().__call__(inputs, state, training)
        check_vectors_or_ids(inputs)
        state = initial_state(state, (self.num_layers, 2, inputs.shape[1], self.num_hiddens))
        outputs, new_state = inputs, []
        for i, layer_state in enumerate(state):
            if i > 0:
                outputs = nn.Dropout(self.dropout, deterministic=not training)(outputs)
            cell = self.variables["params"][f"layer_{i}"]
            outputs, layer_state, cell = in_one_type(outputs, layer_state, cell)
            W_x = tuple(cell[f"i{gate}"]["kernel"] for gate in "ifgo")
            W_h = tuple(cell[f"h{gate}"]["kernel"] for gate in "ifgo")
            b = tuple(cell[f"h{gate}"]["bias"] for gate in "ifgo")
            # One array per gate, each (num_steps, batch_size, num_hiddens)
            outputs, C = lstm_recurrence(project(outputs, W_x, b), layer_state, *W_h)
            new_state.append(jnp.stack([outputs[-1], C]))  # (2, batch_size, num_hiddens)
        return outputs, jnp.stack(new_state)


def check_vectors_or_ids(inputs: jax.Array, num_inputs: int | None = None) -> None:
    """Raise a ValueError unless `inputs` can be projected."""
    if inputs.ndim != 2 or not jnp.issubdtype(inputs.dtype, jnp.integer):
        check_inputs(inputs, num_inputs)


def in_one_type(inputs: jax.Array, *others) -> tuple:
    """Give arrays, or trees of them, the type that JAX computes in with all of them; ids stay ids.

    So the loops, whose types must not change, compute in float64 what the chapters' layers do:
    under `jax_enable_x64` states begin in float64, while Flax's weights are float32.
    """
    are_ids = inputs.ndim == 2
    arrays = others if are_ids else (inputs, *others)
    dtype = jnp.result_type(*jax.tree.leaves(arrays))
    arrays = jax.tree.map(lambda x: x.astype(dtype), arrays)
    return (inputs, *arrays) if are_ids else arrays


class FusedHead:
    """Gives ids to the fused layer, time first, and to the loss logits that fill whole vectors."""

    def one_hot(self, X):
        vectors = super().one_hot(X)  # raises an error where X cannot be used
        return vectors if self.is_initializing() else X.T

    def output_layer(self, outputs):
        if self.is_initializing():  # nn.Dense makes the parameters
            return super().output_layer(outputs)
        return self.wide_output_layer(outputs)[..., : self.vocab_size]

    def wide_output_layer(self, outputs):
        """Give the logits and, after them, -inf up to a multiple of `LANES` columns."""
        outputs, W, b = in_one_type(outputs, *self.output_weights())
        missing = -self.vocab_size % LANES
        W = jnp.pad(W, ((0, 0), (0, missing)))
        b = jnp.pad(b, (0, missing), constant_values=-jnp.inf)
        (logits,) = project(outputs, (W,), (b,))  # (num_steps, batch_size, a multiple of LANES)
        return logits.swapaxes(0, 1)

    def wide_forward(self, X, state=None, training=False):
        """Do as `forward` does, but with the logits of `wide_output_layer`; their loss is equal."""
        outputs, state = self.rnn(self.one_hot(X), state, training)
        return self.wide_output_layer(outputs), state


class FusedRNNLMScratch(FusedHead, RNNLMScratch):
    """`RNNLMScratch` for a fused layer; same arguments, parameters and results."""

    def output_weights(self):
        return self.W_hq, self.b_q


class FusedRNNLM(FusedHead, RNNLM):
    """`RNNLM` for a fused layer; same arguments, parameters and results."""

    def output_weights(self):
        dense = self.variables["params"]["output"]
        return dense["kernel"], dense["bias"]
