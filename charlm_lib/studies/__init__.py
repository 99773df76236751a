"""What chapters 5 and 6 measured offline, and records/ with what came out.

Chapters import these modules from here.
"""

__all__ = ["amounts", "depth_by_text", "depth_study", "follow_up", "recall", "recipe", "search"]
