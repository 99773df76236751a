"""From a text to ids and windows: where texts come from, cleaning, vocabulary."""
