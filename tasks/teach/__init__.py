"""Teach: the best models that have learned from labels alone answer for texts without labels."""
