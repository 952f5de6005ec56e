"""Evaluate: from a model and the test split to predictions and metrics."""
