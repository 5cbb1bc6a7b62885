"""Rights that only some products need: a key may lack them without being unfit for the shop."""

from prestashop import Outcome, ShopAuthFailed, ShopError, ShopMethodNotAllowed, Unknown
from prestashop_writer.pass_context import Pass


async def lacks_right(current: Pass, resource: str, error: ShopError) -> bool:
    """Whether an error says that the key may not use a resource, and nothing else about the key or the shop.

    A key without any right on a resource is answered as one that does not exist (401): only what the key may
    do tells the two apart. Raises `ShopError` where the shop does not take the key at all.
    """
    if isinstance(error, ShopMethodNotAllowed):
        return True
    if not isinstance(error, ShopAuthFailed):
        return False
    return not (await current.client.capabilities()).allows("GET", resource)


async def is_forbidden(current: Pass, resource: str, outcome: Outcome) -> bool:
    """Whether an entity was not written because the key may not write any of the resource."""
    return isinstance(outcome, Unknown) and await lacks_right(current, resource, outcome.error)
