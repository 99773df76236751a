"""What only building and publishing need; nobody who learns from the book imports it."""
