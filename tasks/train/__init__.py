"""Train: from sequences to a model."""
