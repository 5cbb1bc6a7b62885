"""Judges each product change against the rules and what its shop has."""
