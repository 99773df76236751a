"""What chapters 5 and 6 measured offline, and records/ with what came out.

Chapters import the modules `depth_study` and `recipe` from here.
"""

__all__ = ["depth_study", "recipe"]
