"""Regions: numbers for words in their surroundings, learned from texts without labels."""
