"""Trains and evaluates the models of a run: who takes part, with what, and in which order."""
