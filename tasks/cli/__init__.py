"""Command line: from arguments to a running flow; usage errors are reported before any slow import."""
