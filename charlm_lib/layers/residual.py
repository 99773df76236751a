"""Blocks that add to what they read: layers of any kind, stacked so that depth does not fade."""

from flax import linen as nn

from charlm_lib.checks import check_inputs, check_sizes


class ResidualStack(nn.Module):
    """Layers in residual blocks with normalisation before each part.

    `X = X + layer(norm(X))`, then `X = X + MLP(norm(X))` with
    `MLP(U) = gelu(U W_1 + b_1) W_2 + b_2`, twice as wide inside; inputs enter through one matrix,
    and the last block is normalised once more. A layer mixes steps, the MLP mixes units and is
    what is not linear. With attention as the layer this is a transformer. The state is a tuple,
    one layer's state each. He et al. (2016); Ba et al. (2016); Xiong et al. (2020).

    Args:
        layers: recurrent layers, or attention, each with `num_hiddens` outputs.
        num_hiddens: units of each block.
        dropout: probability that a number that a block adds is dropped, in training only; it needs
            `rngs={"dropout": key}` then.

    Raises:
        ValueError: a size below 1, inputs of the wrong shape, or another number of states than of
            layers (when called).
    """

    layers: tuple[nn.Module, ...]
    num_hiddens: int
    dropout: float = 0.0

    @nn.compact
    def __call__(self, inputs, state=None, training=False):
        check_sizes(num_hiddens=self.num_hiddens)
        check_inputs(inputs)
        drop = nn.Dropout(self.dropout, deterministic=not training)
        state = [None] * len(self.layers) if state is None else state
        X, new_state = nn.Dense(self.num_hiddens, name="embed")(inputs), []
        # X stays (num_steps, batch_size, num_hiddens)
        for layer, layer_state in zip(self.layers, state, strict=True):
            outputs, layer_state = layer(nn.LayerNorm()(X), layer_state, training)
            X = X + drop(outputs)
            wide = nn.gelu(nn.Dense(2 * self.num_hiddens)(nn.LayerNorm()(X)))
            X = X + drop(nn.Dense(self.num_hiddens)(wide))
            new_state.append(layer_state)
        return nn.LayerNorm()(X), tuple(new_state)
