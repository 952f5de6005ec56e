"""Process: child processes, threads and quiet imports."""
