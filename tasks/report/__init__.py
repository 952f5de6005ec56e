"""Report: from predictions and metrics to the leaderboard and its renderings."""
