"""Render the leaderboard: for the terminal, as Markdown, as HTML, as CSV and as rows for Prefect."""
