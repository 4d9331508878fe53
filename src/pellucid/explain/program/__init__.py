"""The pieces of a NumPy program that `script` writes: its data, its network, its formulas and its training loop."""
