"""What a person sees: figures, diagrams, tables, progress. Knows no model, gets plain numbers.

Chapters import the modules `plots` and `diagrams` from here. Matplotlib is loaded with them, and
not before.
"""

from charlm_lib.display.names import in_capitals
from charlm_lib.display.numbers import format_perplexity
from charlm_lib.display.tables import Table

__all__ = ["Table", "diagrams", "format_perplexity", "in_capitals", "plots"]
