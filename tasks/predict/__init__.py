"""Predict: from texts and a model's bundle to the same rows with the model's scores."""
