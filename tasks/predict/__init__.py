"""Texts and a model's bundle -> the same rows with what the model says of them."""
