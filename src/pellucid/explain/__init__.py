"""Seeing through a network: its equations, its NumPy program, a step with every number, and what is wrong with it."""
