"""Serve: scores texts over HTTP with a bundle, and follows the champion when it changes."""
