"""Probe: the page, the summary and the tables of a memory probe."""
