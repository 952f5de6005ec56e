"""Export: from a bundle to a folder that programs without this project can score texts with."""
