"""How numbers are written in lines of text and in figures."""


def format_perplexity(value: float) -> str:
    """Write a perplexity with two decimals, or shorter where it has exploded."""
    return f"{value:.2f}" if value < 1000 else f"{value:.1e}"
