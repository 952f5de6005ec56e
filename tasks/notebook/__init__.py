"""Functions for notebooks: from a data frame to a leaderboard, and from a model's folder to scores, without Prefect."""

from tasks.notebook.leaderboard import Leaderboard
from tasks.notebook.model import Model, load
from tasks.notebook.pipeline import compare

__all__ = ["Leaderboard", "Model", "compare", "load"]
