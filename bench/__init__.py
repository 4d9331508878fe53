"""How fast Pellucid is beside its peers, in one run: `make bench`, or `python -m bench --help`."""
