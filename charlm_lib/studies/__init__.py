"""What chapters 5 and 6 measured offline, and records/ with what came out."""
