"""All operations there are: whatever the modules of this package hold."""

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from gateway import operations
from gateway.operations.operation import Operation, Operations


def every_operation() -> Operations:
    """The operations of all modules, by module and in the order in which they stand there."""
    names = sorted(module.name for module in pkgutil.iter_modules(operations.__path__))
    return Operations(
        operation
        for name in names
        for operation in _held_by(vars(import_module(f"{operations.__name__}.{name}")))
    )


def _held_by(names: Mapping[str, Any]) -> Iterator[Operation]:
    for value in list(names.values()):
        if isinstance(value, Operation):
            yield value
        elif isinstance(value, dict):  # the same below two prefixes
            yield from (inner for inner in value.values() if isinstance(inner, Operation))
