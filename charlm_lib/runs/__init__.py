"""Training runs: the trainer, what a run leaves behind, and what is wrong with it."""
