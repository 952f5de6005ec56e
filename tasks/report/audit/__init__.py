"""Audit: the page about labels that are probably wrong, and the section of a run's page about them."""
