"""Drift: whether the training data still resemble those that the champion was trained on."""
