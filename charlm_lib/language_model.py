"""Language models: a layer between one-hot characters and the logits of the next one."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.checks import check_sizes


class RNNLMScratch(nn.Module):
    """A character language model: one-hot inputs, a recurrent layer, a linear output layer.

    `O_t = H_t W_hq + b_q` are the logits of the next character. Zhang et al. (2023), section 9.5.

    Args:
        rnn: the recurrent layer.
        vocab_size: tokens in the vocabulary.
        lr: learning rate that `Trainer` uses for SGD.
        sigma: standard deviation of the initial `W_hq`.

    Raises:
        ValueError: vocab_size below 1, or `X` of the wrong shape or type (when called).
    """

    rnn: nn.Module
    vocab_size: int
    lr: float
    sigma: float = 0.01

    def setup(self):
        check_sizes(vocab_size=self.vocab_size)
        shape = (self.rnn.num_hiddens, self.vocab_size)
        self.W_hq = self.param("W_hq", nn.initializers.normal(self.sigma), shape)
        self.b_q = self.param("b_q", nn.initializers.zeros, (self.vocab_size,))

    def one_hot(self, X):
        """Turn ids `(batch_size, num_steps)` into `(num_steps, batch_size, vocab_size)`."""
        if X.ndim != 2 or not jnp.issubdtype(X.dtype, jnp.integer):
            raise ValueError(
                f"X has shape {X.shape} and type {X.dtype}, but the model needs integer ids of "
                "shape (batch_size, num_steps): for one text use X[None, :]"
            )
        return jax.nn.one_hot(X.T, self.vocab_size)  # (num_steps, batch_size, vocab_size)

    def output_layer(self, outputs):
        """Turn hidden states (time first) into logits `(batch_size, num_steps, vocab_size)`."""
        # (num_steps, batch_size, vocab_size) -> (batch_size, num_steps, vocab_size)
        return (outputs @ self.W_hq + self.b_q).swapaxes(0, 1)

    def forward(self, X, state=None, training=False):
        """Give logits `(batch_size, num_steps, vocab_size)` and the state after the last step."""
        outputs, state = self.rnn(self.one_hot(X), state, training)
        return self.output_layer(outputs), state

    def __call__(self, X, state=None, training=False):
        return self.forward(X, state, training)


class RNNLM(RNNLMScratch):
    """`RNNLMScratch` with Flax's `nn.Dense` as its output layer; same arguments."""

    def setup(self):
        check_sizes(vocab_size=self.vocab_size)
        self.output = nn.Dense(self.vocab_size)

    def output_layer(self, outputs):
        """Turn hidden states (time first) into logits `(batch_size, num_steps, vocab_size)`."""
        return self.output(outputs).swapaxes(0, 1)
