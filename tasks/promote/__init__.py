"""Promote: whether the best model of a run becomes the champion, and where the champion is stored."""
