"""What `/metrics` shows: the families, their values, how several workers' values become one, and the text of it."""
