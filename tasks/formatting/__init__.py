"""Formatting: values as text."""
