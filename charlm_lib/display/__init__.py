"""What a person sees: figures, diagrams, tables, progress. Knows no model, gets plain numbers."""
