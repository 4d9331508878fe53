"""From numbers to names: what a wrong gradient, output or update is called, and by what it is told."""
