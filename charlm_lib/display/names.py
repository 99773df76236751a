"""How the names of networks are written in figures and tables."""

import re


def in_capitals(name: str) -> str:
    """Write the abbreviations in a name as the prose does: "GRU in blocks" for "gru in blocks"."""
    return re.sub(r"\b(gru|lstm)\b", lambda found: found[0].upper(), name)
