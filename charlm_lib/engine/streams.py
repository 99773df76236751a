"""Training with carried state: each row of a batch goes on where it stopped in the last batch.

The windows of a text, num_steps apart, are dealt out to the rows of the batch like chapters to
readers: row b reads a run of neighbouring windows, one window per update, and keeps its state.
Gradients still end at the window's edge; what the state knows does not.
"""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, PartitionSpec

from charlm_lib.engine.batches import shared_rows
from charlm_lib.engine.epochs import guarded_update, sum_over_devices
from charlm_lib.engine.probing import is_known, starts_at_zeros
from charlm_lib.losses import weighted_nll
from charlm_lib.texts.data import TextData, gather_windows

SHARES = 8  # equal parts of a batch, each with its own dropout key; any of 1, 2, 4, 8 devices


def check_streams(data: TextData) -> None:
    """Raise a ValueError unless the windows touch and fill whole batches of whole shares."""
    if data.stride != data.num_steps:
        raise ValueError(
            f"carry_state=True needs windows that follow each other, but they start "
            f"stride={data.stride} apart and have num_steps={data.num_steps}: make them equal"
        )
    for name, size, unit in (
        ("batch_size", data.batch_size, SHARES),
        ("num_train", data.num_train, data.batch_size),
        ("num_val", data.num_val, data.batch_size),
    ):
        if size % unit:
            raise ValueError(
                f"carry_state=True needs a {name} that is a multiple of {unit}, but it is {size}: "
                f"use {max(size // unit, 1) * unit}"
            )


def stream_mesh(mesh: Mesh) -> Mesh:
    """Give a mesh of as many of the devices as share a batch evenly: 1, 2, 4 or 8."""
    size = max(n for n in (1, 2, 4, 8) if n <= mesh.size)
    return Mesh(mesh.devices.flat[:size], mesh.axis_names)


def streams(starts: jax.Array, batch_size: int) -> jax.Array:
    """Deal out the starts of windows to the rows of a batch: `(num_updates, batch_size)`.

    Row b of all batches together is one run of neighbouring windows.
    """
    return starts.reshape(batch_size, -1).T  # row b is one run; then one update after the other


def shares(starts: jax.Array, batch_size: int) -> jax.Array:
    """Cut the batches of `streams` into shares: `(num_updates, SHARES, rows of a share)`."""
    return streams(starts, batch_size).reshape(-1, SHARES, batch_size // SHARES)


@partial(jax.jit, static_argnums=(0, 1))
def stream_batches(
    mesh: Mesh, batch_size: int, starts: jax.Array, key: jax.Array, epoch: int
) -> tuple:
    """Give the starts of an epoch's windows and a dropout key for each share of each batch."""
    laid_out = shares(starts, batch_size)
    keys = jax.random.split(jax.random.fold_in(key, epoch), laid_out.shape[:2])
    return jax.lax.with_sharding_constraint((laid_out, keys), shared_rows(mesh))


def stream_epoch_function(
    model,
    compute_dtype: None,
    mesh: Mesh,
    num_steps: int,
    batch_size: int,
    optimizer: optax.GradientTransformation,
):
    """Make the function that trains for one epoch with carried state and validates.

    Same arguments and results as that of `epochs.epoch_function`, in float32 only, and `batches`
    from `stream_batches`: the windows keep their order. The epoch begins with the model's first
    state: zeros, or what a model of one's own makes, which then is trained by the first update.
    """
    from_zeros = is_known(model) or starts_at_zeros(model)
    split, whole = PartitionSpec("batch"), PartitionSpec()

    def share_nll(params, state, is_first, tokens, starts, key):
        X, Y = gather_windows(tokens, starts, num_steps)
        rngs = None if key is None else {"dropout": key}
        apply = partial(model.apply, params, X, training=key is not None, rngs=rngs)
        if from_zeros:
            logits, state = apply(state)
        else:
            logits, state = jax.lax.cond(is_first, lambda _: apply(None), apply, state)
        return weighted_nll(logits.swapaxes(0, 1), Y.T, jnp.ones(Y.T.shape, logits.dtype)), state

    def nll(params, state, is_first, tokens, starts, keys):
        # Over the shares of this device
        in_shares = jax.vmap(share_nll, (None, 0, None, None, 0, 0))
        nll, state = in_shares(params, state, is_first, tokens, starts, keys)
        return nll.sum(), state

    def shared(function, out_specs):
        return jax.shard_map(
            function,
            mesh=mesh,
            in_specs=(whole, split, whole, whole, split, split),
            out_specs=out_specs,
            check_vma=False,
        )

    def value_and_gradient(*arguments):
        (value, state), grads = jax.value_and_grad(nll, has_aux=True)(*arguments)
        return sum_over_devices((value, grads)), state

    def value(*arguments):
        value, state = nll(*arguments)
        return jax.lax.psum(value, "batch"), state

    def zeros(params):
        X = jnp.zeros((batch_size // SHARES, 1), jnp.int32)
        _, state = jax.eval_shape(model.apply, params, X)
        # One state per share, whose rows it holds
        return jax.tree.map(lambda x: jnp.zeros((SHARES, *x.shape), x.dtype), state)

    def update(carry, batch, tokens):
        params, opt_state, state = carry
        is_first, starts, keys = batch
        (nll, grads), state = shared(value_and_gradient, ((whole, whole), split))(
            params, state, is_first, tokens, starts, keys
        )
        grads = jax.tree.map(lambda g: g / (batch_size * num_steps), grads)
        params, opt_state, nll, norm = guarded_update(optimizer, params, opt_state, grads, nll)
        return (params, opt_state, state), (nll, norm)

    def epoch(params, opt_state, tokens, batches, val_starts):
        (params, opt_state, _), (nll, grad_norms) = jax.lax.scan(
            partial(update, tokens=tokens),
            (params, opt_state, zeros(params)),
            numbered(*batches),
        )

        def validate(state, batch):
            is_first, starts = batch
            nll, state = shared(value, (whole, split))(
                params, state, is_first, tokens, starts, None
            )
            return state, nll

        val_starts = shares(val_starts, batch_size)
        _, val_nll = jax.lax.scan(validate, zeros(params), numbered(val_starts))
        return params, opt_state, nll, grad_norms, val_nll.sum()

    return epoch


def numbered(*batches: jax.Array) -> tuple:
    """Put before an epoch's batches, one after the other, whether each is the first."""
    return jnp.arange(len(batches[0])) == 0, *batches
