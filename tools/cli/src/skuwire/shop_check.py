"""A first look at a foreign shop, before anything is started for it: is it there, does it take the key?"""

from prestashop import (
    Shop,
    ShopAuthFailed,
    ShopBlocked,
    ShopError,
    ShopRedirected,
    ShopThrottled,
    ShopTimeout,
    ShopUnavailable,
    ShopUnreachable,
)
from skuwire.places import ForeignShop
from skuwire.problems import Problem

PASSING = (ShopUnreachable, ShopTimeout, ShopThrottled)
"""The shop may be back in a while, and whatever was sent for it is kept until then."""

ADVICE: dict[type[ShopError], str] = {
    ShopAuthFailed: "Check SKUWIRE_SHOP_KEY: it must be active, with rights on products and their parts.",
    ShopRedirected: "Give the shop's own domain, as its front page has it, with http or https as there.",
    ShopBlocked: "Something before the shop answers: check the address, its firewall and its URL rewriting.",
    ShopUnavailable: "Switch its webservice on (Advanced Parameters, Webservice), its maintenance mode off.",
    ShopUnreachable: "Check the address, and whether the shop is up.",
}


async def shop_version(shop: ForeignShop) -> str:
    """Ask the shop for its version. Raises Problem, with the ShopError as its cause."""
    try:
        async with Shop(shop.url, shop.key.get_secret_value()) as client:
            return (await client.capabilities()).version
    except ShopError as error:
        raise Problem(f"{shop.url}: {error}", ADVICE.get(type(error), "Try again in a while.")) from error
