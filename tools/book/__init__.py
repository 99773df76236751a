"""Collects, executes and normalises the chapters, and builds the book."""

import sys

# A grammar of web addresses that jsonschema imports with nbformat, if it is there: that takes
# seconds in every command, and nothing here asks whether a text is an address.
sys.modules.setdefault("rfc3987_syntax", None)
