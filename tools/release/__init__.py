"""The class pack, and the address of the repository."""
