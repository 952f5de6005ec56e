"""Kernels: which code computes a model's layers and optimizer."""
