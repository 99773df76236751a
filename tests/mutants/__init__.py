"""Mutation testing: puts small mistakes into the code, and lists those that no test notices."""
