"""Brings every shop to the desired state with the fewest requests."""
