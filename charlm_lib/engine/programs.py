"""Programs as JAX traces them, written out so that two of them can be compared."""

import re

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from charlm_lib.engine.source import digest


def written_out(program: ClosedJaxpr, *more: jax.Array) -> str:
    """Write out a traced program with a hash of its constants, and of more arrays."""
    text = re.sub("0x[0-9a-f]+", "", str(program))  # no addresses
    constants = [x for x in program.consts if hasattr(x, "dtype")]
    return text + digest(*(as_numbers(x).tobytes() for x in (*constants, *more)))


def as_numbers(leaf) -> np.ndarray:
    """Give an array as NumPy has it; of random keys their numbers."""
    if jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    return np.asarray(leaf)
