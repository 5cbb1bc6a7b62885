"""Which shop a request is for, among those that the caller works with."""

from collections.abc import Sequence

from common.messages import Reason
from common.shops import ShopSettings
from gateway.access.caller import Caller
from gateway.errors import Refusal, violated


def chosen_shop(caller: Caller, of_tenant: Sequence[ShopSettings], asked: str | None) -> str:
    """The shop that is asked for, else the first of the caller's.

    Raises `Refusal`: 422 for a shop that there is not, 403 for one that is for the other kind of API keys.
    """
    own = [shop.id for shop in of_tenant if caller.works_with(test_shop=shop.test)]
    if asked is None and own:
        return own[0]
    if asked in own:
        return asked
    if other := next((shop for shop in of_tenant if shop.id == asked), None):
        raise _wrong_kind_of_key(other)
    whose = {None: "tenant", True: "test key", False: "live key"}[caller.test]
    known = f"The shops of this {whose} are: {', '.join(own)}." if own else f"This {whose} has no shop."
    raise violated([Reason(code="shop_unknown", field="shop", message=known)])


def _wrong_kind_of_key(shop: ShopSettings) -> Refusal:
    kind, needed = ("a test", "pm_test_") if shop.test else ("no test", "pm_live_")
    message = f"{shop.id} is {kind} shop; use a {needed} key or a login."
    details = [Reason(code="wrong_kind_of_key", field="shop", message=message)]
    return Refusal(403, "wrong_kind_of_key", message, details)
