"""The values that tuning may try for a field of a variant or baseline."""
