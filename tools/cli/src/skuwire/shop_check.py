"""A first look at a foreign shop, before anything is started for it: is it there, does it take the key?"""

from prestashop import Shop, ShopError, advice_on
from skuwire.places import ForeignShop
from skuwire.problems import Problem

OPTIONS = {"address": "SKUWIRE_SHOP_URL", "key": "SKUWIRE_SHOP_KEY"}


async def shop_version(shop: ForeignShop) -> str:
    """Ask the shop for its version. Raises Problem, with the ShopError as its cause."""
    try:
        async with Shop(shop.url, shop.key.get_secret_value()) as client:
            return (await client.capabilities()).version
    except ShopError as error:
        advice = advice_on(error)
        step = f"{advice.next_step} It is what {OPTIONS[advice.about]} says."
        raise Problem(f"{shop.url}: {error}", step) from error
