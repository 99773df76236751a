"""Collects, executes and normalises the chapters, and builds the book."""
