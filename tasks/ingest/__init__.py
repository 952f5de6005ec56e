"""Ingest: from a dataset's name to reviews Parquet."""
