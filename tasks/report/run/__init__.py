"""Run: the page, the summary and the tables of a training run."""
