"""Command line: from arguments to a running flow, with usage errors before any slow import."""
