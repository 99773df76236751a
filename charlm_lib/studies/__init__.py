"""What chapters 5, 6 and 8 measured offline, and records/ with what came out.

Chapters import these modules from here.
"""

__all__ = [
    "amounts",
    "cells_compared",
    "depth_by_text",
    "depth_study",
    "recall",
    "recipe",
    "search",
    "without_a_loop",
]
