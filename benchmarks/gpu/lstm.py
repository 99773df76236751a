"""An LSTM on cuDNN through JAX: a layer of one's own, to which the `Trainer` gives no twin."""

import jax.numpy as jnp
from flax import linen as nn
from jax.experimental import rnn


class CudnnLSTM(nn.Module):
    """All layers as one call of cuDNN, `jax.experimental.rnn`; on NVIDIA's cards only."""

    num_hiddens: int
    num_layers: int

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        num_steps, batch_size, num_inputs = inputs.shape
        sizes = num_inputs, self.num_hiddens, self.num_layers
        weights = self.param("weights", lambda key: rnn.init_lstm_weight(key, *sizes, False))
        if state is None:
            none = jnp.zeros((self.num_layers, batch_size, self.num_hiddens))
            state = none, none
        lengths = jnp.full(batch_size, num_steps, jnp.int32)
        # cuDNN wants the batch first: (batch_size, num_steps, num_inputs)
        X = inputs.swapaxes(0, 1)
        outputs, *state = rnn.lstm(X, *state, weights, lengths, *sizes, 0.0, False)
        return outputs.swapaxes(0, 1), tuple(state)
