"""Attention that looks back over a window: its state is a cache of the keys and values in it."""

import jax.numpy as jnp
from flax import linen as nn

from charlm_lib.checks import check_inputs, check_sizes


def windowed_attention(Q, K, V, by_distance, seen):
    """Let every query attend to the keys of the last `window` steps, its own among them.

    `softmax(Q_t K_s / sqrt(d) + b_(t-s))` weighs `V_s`, for `0 <= t - s < window`. A long text is
    cut into pieces of `window` queries, so that memory grows with its length and not its square.

    Args:
        Q: `(batch_size, num_steps, num_heads, d)`.
        K, V: `(batch_size, window + num_steps, num_heads, d)`, those of the cache first.
        by_distance: `(num_heads, window)`, what is added to the logits of a key so many steps back.
        seen: how many of the cache's last keys are there.

    Returns:
        `(batch_size, num_steps, num_heads, d)`. Vaswani et al. (2017); a bias for each distance as
        in Raffel et al. (2020), a cache as in Dai et al. (2019).
    """
    num_steps, window = Q.shape[1], by_distance.shape[1]
    size = min(num_steps, window)
    end = [(0, 0), (0, -num_steps % size), (0, 0), (0, 0)]
    Q, K, V = (jnp.pad(x, end) for x in (Q, K, V))
    Q = Q.reshape(len(Q), -1, size, *Q.shape[2:])  # (batch_size, pieces, size, num_heads, d)
    reach = jnp.arange(window + size)
    places = size * jnp.arange(Q.shape[1])[:, None] + reach  # (pieces, window + size)
    distance = window + jnp.arange(size)[:, None] - reach  # (size, window + size)
    visible = (0 <= distance) & (distance < window) & (places >= window - seen)[:, None]
    bias = by_distance[:, jnp.clip(distance, 0, window - 1)]  # (num_heads, size, window + size)
    # The mask: (pieces, 1, size, window + size)
    outputs = nn.dot_product_attention(Q, K[:, places], V[:, places], bias, visible[:, None])
    return outputs.reshape(len(Q), -1, *outputs.shape[3:])[:, :num_steps]


class CausalAttention(nn.Module):
    """Multi-head attention to the last `window` steps; its state is what it still looks at.

    The state is `(keys, values, seen)`: keys and values `(batch_size, window, num_heads, d)` with
    `d = num_hiddens / num_heads`, and how many of them are there, the last ones. What is further
    back than the window is gone. Order is known by distance alone, so no text is too long.

    Args:
        num_hiddens: outputs.
        num_heads: heads; num_hiddens is a multiple of it.
        window: steps that a step looks at, its own among them.

    Raises:
        ValueError: a size below 1 or that is no multiple, or inputs of the wrong shape (when
            called).
    """

    num_hiddens: int
    num_heads: int = 4
    window: int = 64

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_heads=self.num_heads, window=self.window)
        check_inputs(inputs)
        heads = self.num_heads, self.num_hiddens // self.num_heads
        if self.num_hiddens != heads[0] * heads[1]:
            raise ValueError(f"num_hiddens={self.num_hiddens} is no multiple of {heads[0]} heads")
        X = inputs.swapaxes(0, 1)  # (batch_size, num_steps, num_inputs)
        Q, K, V = (nn.DenseGeneral(heads, name=name)(X) for name in ("query", "key", "value"))
        if state is None:
            state = *jnp.zeros((2, len(X), self.window, *heads)), jnp.int32(0)
        keys, values, seen = state
        K, V = jnp.concatenate([keys, K], axis=1), jnp.concatenate([values, V], axis=1)
        by_distance = self.param("by_distance", nn.initializers.zeros, (heads[0], self.window))
        outputs = windowed_attention(Q, K, V, by_distance, seen)
        outputs = nn.DenseGeneral(self.num_hiddens, axis=(-2, -1), name="out")(outputs)
        seen = jnp.minimum(seen + len(inputs), self.window)
        state = K[:, -self.window :], V[:, -self.window :], seen
        return outputs.swapaxes(0, 1), state  # time first again
