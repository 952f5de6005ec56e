"""Trainings on a Dask cluster: connecting, checking the workers, one piece of work there, and a cluster to try it."""
