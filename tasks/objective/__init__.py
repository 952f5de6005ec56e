"""Objective: the metric that decides, costs of mistakes, class weights, and how probabilities become answers."""
