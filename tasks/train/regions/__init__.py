"""Embeddings of regions of words, learned without labels from the words beside each region."""
