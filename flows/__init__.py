"""The jobs that a person runs, one file each."""
