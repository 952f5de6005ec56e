"""Orchestrate: what touches Prefect besides the flows and each room's task.py."""
