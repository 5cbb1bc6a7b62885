"""Errors by what the caller does next.

A business "no" is an outcome on the item and never an exception; everything else that is not
`Transient` is a bug and ends, after its retries, among the dead letters.
"""


class Transient(Exception):
    """The work could not be done now and is worth doing again later: nothing about it is wrong."""
