"""Store: where outputs are kept, what identifies them, and how they are made complete."""
