"""The chapters as decks of slides."""
