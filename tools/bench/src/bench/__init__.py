"""Benchmarks with goals, and the fault matrix. `python -m bench --help`."""
