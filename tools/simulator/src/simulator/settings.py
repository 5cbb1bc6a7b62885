"""What one simulated shop is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.start_categories import StartCategory

ALL_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Key:
    """A webservice key. `resources` is None for all rights, else the methods that it may use per resource."""

    secret: str = field(repr=False)
    active: bool = True
    resources: dict[str, frozenset[str]] | None = None

    def methods(self, resource: str) -> frozenset[str]:
        """The methods that this key may use on a resource; empty = none."""
        return ALL_METHODS if self.resources is None else self.resources.get(resource, frozenset())


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """One shop: where its data lives, who may enter, and what it starts with.

    `languages` are iso codes, the first is the default. `categories` are made at the first start. `version`
    is one of `editions.EDITIONS`. `measured_speed`: it takes a real shop's time. `faults` are switched on
    when it starts, each as `POST /_simulator/faults` takes it. `domain` is host:port, empty = what the server
    listens on; any other Host header is redirected.
    """

    data_dir: Path
    keys: tuple[Key, ...]
    languages: tuple[str, ...] = ("en", "it")
    categories: tuple[StartCategory, ...] = ()
    version: str = "8.2.1"
    measured_speed: bool = False
    faults: tuple[Mapping[str, Any], ...] = ()
    domain: str = ""
    shop_name: str = "Simulated shop"
    max_body_bytes: int = 32 * 1024 * 1024
