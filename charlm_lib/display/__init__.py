"""What a person sees: figures, diagrams, tables, progress. Knows no model, gets plain numbers.

Chapters import the modules `plots` and `diagrams` from here. Matplotlib is loaded with them, and
not before.
"""

from charlm_lib.display.numbers import format_perplexity

__all__ = ["diagrams", "format_perplexity", "plots"]
