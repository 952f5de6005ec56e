"""Orchestrate: the code that uses Prefect, besides the flows and each room's task.py."""
