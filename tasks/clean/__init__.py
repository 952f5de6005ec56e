"""Clean: which outputs nothing refers to any more, and how they are removed."""
