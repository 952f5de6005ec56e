"""Tunes models with equal budgets: trials of their settings, judged on validation reviews alone."""
