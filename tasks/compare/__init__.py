"""Compare: from the predictions of all models to what can be said about them."""
