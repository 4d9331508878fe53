"""One training step of a network as a textbook writes it: its quantities in order, and pages of numbered equations."""
