"""Measures how accuracy grows with the number of training reviews, and says what more of them would bring."""
