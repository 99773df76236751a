"""The seeds that a page takes: those of its field, and of its 32-bit generator."""

LAST_SEED = 2**31 - 1


def check_seed(seed: int) -> None:
    """Raise a ValueError unless `seed` is a whole number that the page takes."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LAST_SEED:
        raise ValueError(f"seed {seed!r}: choose a whole number from 0 to {LAST_SEED}")
