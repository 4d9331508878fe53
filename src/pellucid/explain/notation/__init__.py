"""Mathematics on paper: formulas read from Python functions as small trees, and written as text, LaTeX and MathML."""
