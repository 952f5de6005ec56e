"""Baseline: from reviews to classical models, which neural models have to beat."""
