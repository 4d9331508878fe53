"""Numerical gradients of a loss about which nothing is known, and the learner's own beside them."""
