"""The studio: a local web page on which a network is watched while it learns.

The server (`server`, `safety`, `session`) speaks to pages; every page's run has a process of its own (`worker`), which
knows neither server nor page and uses the library as any program does. `pellucid studio` starts it.
"""
