"""Tries the models of a run on further test sets, such as contrast sets, and compares with the test split."""
