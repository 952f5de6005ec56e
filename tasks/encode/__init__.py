"""Encode: from reviews to padded sequences of token ids."""
