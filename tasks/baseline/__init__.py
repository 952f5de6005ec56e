"""Baseline: from reviews to classical models, which a neural one has to beat."""
