"""Compare: what the predictions of all models say about them."""
