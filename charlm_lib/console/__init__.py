"""What the command line is made of: its options, their names in errors, files, signals, output."""
