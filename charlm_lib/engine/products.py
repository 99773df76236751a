"""Matrix products over all steps of a sequence at once, and their gradients."""

import jax
import jax.numpy as jnp


def rows(x: jax.Array) -> jax.Array:
    """Join the axes of steps and batch: XLA makes faster products of two axes than of three."""
    return x.reshape(-1, x.shape[-1])


def weight_gradients(inputs: jax.Array, *gradients: jax.Array) -> tuple:
    """Compute `sum over t of X_t^T D_t`, the gradient of the weights in `X_t W`, for each D.

    XLA's fast products on a CPU read their left factor row by row. Of `X^T D` it would read X by
    columns, with a slower product, so a barrier makes it write X^T down first. Another one keeps it
    from computing `D^T X` instead where the result is transposed.

    Args:
        inputs: all `X_t`, `(num_steps, batch_size, num_inputs)`.
        gradients: all `D_t`, each `(num_steps, batch_size, num_hiddens)`.

    Returns:
        For each D an array `(num_inputs, num_hiddens)`.
    """

    def transposed_first(X, *Ds):
        X_T = jax.lax.optimization_barrier(X.T)
        return tuple(jax.lax.optimization_barrier(X_T @ D) for D in Ds)

    def at_once(X, *Ds):
        return tuple(X.T @ D for D in Ds)

    Ds = map(rows, gradients)
    return jax.lax.platform_dependent(rows(inputs), *Ds, cpu=transposed_first, default=at_once)


@jax.custom_vjp
def times(inputs: jax.Array, weights: tuple) -> tuple:
    """Compute `X_t W` for all steps and for each W, with faster gradients of the weights.

    Args:
        inputs: all `X_t`, `(num_steps, batch_size, num_inputs)`.
        weights: each W, `(num_inputs, num_hiddens)`.

    Returns:
        For each W an array `(num_steps, batch_size, num_hiddens)`.
    """
    return tuple((rows(inputs) @ W).reshape(*inputs.shape[:2], -1) for W in weights)


def _times_forward(inputs, weights):
    return times(inputs, weights), (inputs, weights)


def _times_backward(saved, gradients):
    inputs, weights = saved
    pairs = zip(gradients, weights, strict=True)
    d_inputs = sum(rows(D) @ W.T for D, W in pairs).reshape(inputs.shape)
    return d_inputs, weight_gradients(inputs, *gradients)


times.defvjp(_times_forward, _times_backward)


def project(inputs: jax.Array, weights: tuple, biases: tuple) -> tuple:
    """Compute `X_t W + b` for all steps and for each W and b.

    Args:
        inputs: all `X_t`, `(num_steps, batch_size, num_inputs)`; or the ids of one-hot `X_t`,
            `(num_steps, batch_size)`, whose products are rows of `W`.
        weights, biases: each W, `(num_inputs, num_hiddens)`, and each b, `(num_hiddens,)`.

    Returns:
        For each W an array `(num_steps, batch_size, num_hiddens)`.
    """
    if inputs.ndim == 2:
        return tuple((W + b)[inputs] for W, b in zip(weights, biases, strict=True))
    return tuple(P + b for P, b in zip(times(inputs, weights), biases, strict=True))


def recurrent_gradients(state: jax.Array, outputs: jax.Array, *gradients: jax.Array) -> tuple:
    """Compute `sum over t of H_(t-1)^T D_t`, the gradient of W in `H_(t-1) W`, for each D.

    Args:
        state: `H_0`, `(batch_size, num_hiddens)`.
        outputs: all `H_t`, `(num_steps, batch_size, num_hiddens)`.
        gradients: all `D_t`, each of the same shape.

    Returns:
        For each D an array `(num_hiddens, num_hiddens)`.
    """
    none = jnp.zeros_like(state)[None]
    later = weight_gradients(outputs, *(jnp.concatenate([D[1:], none]) for D in gradients))
    return tuple(state.T @ D[0] + W for D, W in zip(gradients, later, strict=True))
