"""Audit: from reviews to the labels among them that are probably wrong."""
