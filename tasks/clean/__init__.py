"""Clean: find old outputs that nothing refers to, and remove them."""
