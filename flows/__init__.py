"""The flows that a person runs, one per file."""
