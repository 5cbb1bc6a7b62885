"""What a person can do about an error: whether it is about the address or the key, and the next step."""

from dataclasses import dataclass
from typing import Final, Literal

from prestashop.errors import (
    ShopAnswerUnreadable,
    ShopAuthFailed,
    ShopBlocked,
    ShopError,
    ShopRedirected,
    ShopThrottled,
    ShopTimeout,
    ShopUnavailable,
    ShopUnreachable,
)

PASSING: Final = (ShopUnreachable, ShopTimeout, ShopThrottled)
"""The shop may be back in a while."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`about` is what has to be set right: what the shop was given as its address, or as its key."""

    about: Literal["address", "key"]
    next_step: str


_ADVICE: Final[dict[type[ShopError], Advice]] = {
    ShopAuthFailed: Advice(
        "key", "Check the webservice key: it must be active, with rights on products and their parts."
    ),
    ShopRedirected: Advice(
        "address", "Give the shop's own domain, as its front page has it, with http or https as there."
    ),
    ShopBlocked: Advice(
        "address",
        "Something before the shop answers: check the address, its firewall and its URL rewriting.",
    ),
    ShopAnswerUnreadable: Advice("address", "Check the address: no PrestaShop webservice answers there."),
    ShopUnavailable: Advice(
        "address",
        "Switch its webservice on (Advanced Parameters, Webservice), its maintenance mode off.",
    ),
    ShopUnreachable: Advice("address", "Check the address, and whether the shop is up."),
}

_OTHERWISE: Final = Advice("address", "Try again in a while.")


def advice_on(error: ShopError) -> Advice:
    """What to do about a first request that has failed."""
    return _ADVICE.get(type(error), _OTHERWISE)
