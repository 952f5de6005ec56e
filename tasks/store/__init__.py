"""Store: where outputs lie, what decides them, and how they become whole."""
