"""Stack: from the models of a run to one ensemble of those that complement each other."""
