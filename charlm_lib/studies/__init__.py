"""What chapters 5 to 8 measured offline, and records/ with what came out.

Chapters import these modules from here.
"""

__all__ = [
    "amounts",
    "cells_compared",
    "depth_by_text",
    "depth_study",
    "follow_up",
    "forget_bias",
    "recall",
    "recall_in_blocks",
    "recipe",
    "scale",
    "search",
    "without_a_loop",
]
