"""Accepted work that is not done: beyond a bound nothing more is taken in, and how long to wait. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

SHORTEST_SECONDS, LONGEST_SECONDS = 5, 300
ITEMS_OF_A_MESSAGE = 50  # a chunk's


@dataclass(frozen=True)
class ShopWork:
    """What one shop has before it, and what it has done in so many seconds in which there was work."""

    open_items: int = 0
    done_items: int = 0
    seconds: float = 1.0

    @property
    def per_second(self) -> float:
        return self.done_items / max(1.0, self.seconds)


@dataclass(frozen=True)
class Work:
    """What all shops have before them, and the messages that could not be published yet."""

    shops: Mapping[str, ShopWork]
    waiting_messages: int = 0

    @property
    def open_items(self) -> int:
        return sum(shop.open_items for shop in self.shops.values())

    @property
    def per_second(self) -> float:
        return sum(shop.per_second for shop in self.shops.values())


@dataclass(frozen=True)
class Bounds:
    """How much may be open before nothing more is taken in."""

    shop_items: int
    items: int
    messages: int


@dataclass(frozen=True)
class Full:
    """Why nothing more is taken in, and for how many seconds as far as can be told."""

    message: str
    seconds: int


def is_full(work: Work, bounds: Bounds, shop: str, items: int, taken_since: Mapping[str, int]) -> Full | None:
    """Whether so many more items for a shop are too many; `taken_since` the work was measured."""
    own = work.shops.get(shop, ShopWork())
    surplus = own.open_items + taken_since.get(shop, 0) + items - bounds.shop_items
    if surplus > 0:
        return Full(f"The shop {shop} has too much work before it", _seconds(surplus, own.per_second))
    surplus = work.open_items + sum(taken_since.values()) + items - bounds.items
    if surplus > 0:
        return Full("There is too much work for all shops", _seconds(surplus, work.per_second))
    surplus = ITEMS_OF_A_MESSAGE * (work.waiting_messages - bounds.messages)
    if surplus > 0:
        return Full("Too many messages wait for the broker", _seconds(surplus, work.per_second))
    return None


def _seconds(surplus: int, per_second: float) -> int:
    """How long it takes to get so much done at this pace."""
    if per_second <= 0:
        return LONGEST_SECONDS
    return min(max(SHORTEST_SECONDS, math.ceil(surplus / per_second)), LONGEST_SECONDS)
