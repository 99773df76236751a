"""The tests, a room each for those that need more than Python."""
