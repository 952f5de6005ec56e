"""Sources: every origin of labelled text, as batches of one shape."""
