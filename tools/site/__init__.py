"""What the pages of the site have besides their text."""
