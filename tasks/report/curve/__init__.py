"""Reports of learning curves: a page of their own, and a section of a run's page."""
