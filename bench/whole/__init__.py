"""Whole processes, timed from their start to their end."""
