"""Reference: pages generated from the code, so that they cannot disagree with it."""
