"""Drift: whether the training data are still those that the champion was trained on."""
