"""Operations on the shops of a tenant."""

from typing import Literal

from gateway.access.scopes import Scope
from gateway.answers.envelopes import SuccessV1
from gateway.answers.shops import ShownShop, ShownShops
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag
from gateway.shops.forms import NewShop, ShopChange

SHOP_ID = Parameter(name="shop_id", place="path", description="The shop's id.", example="milano")
CHECK = Parameter(
    name="check",
    place="query",
    description="`later` stores the shop without looking at it.",
    kind=Literal["now", "later"],
    example="later",
)
FORCE = Parameter(
    name="force",
    place="query",
    description="`true` removes the shop although work for it is open; its items are refused as "
    "`shop_removed`.",
    kind=Literal["true", "false"],
    example="true",
)
ONE_SHOP = SuccessV1[ShownShop]
FAILED_CHECK = "The shop cannot be reached, or does not take the key: `url` or `key` is named with the fix."

ALL = Operation(
    method="GET",
    path="/api/v1/shops",
    operation_id="listShops",
    tag=Tag.SHOPS,
    scope=Scope.ADMIN,
    summary="The tenant's shops, and what each can do",
    answers={200: Answer(description="The shops, the default one first.", kind=SuccessV1[ShownShops])},
)

ADD = Operation(
    method="POST",
    path="/api/v1/shops",
    operation_id="addShop",
    tag=Tag.SHOPS,
    scope=Scope.ADMIN,
    summary="Register a shop; the answer says what it can do and what its key lacks",
    parameters=(CHECK,),
    body=Body(
        kind=NewShop,
        examples={
            "A shop, looked at later": {
                "name": "Acme Milano",
                "url": "https://shop.example.com",
                "key": "9DV2UJM8C4RX7ZKPL3BNQ6TWHY5GFA1E",
                "settings": {"verify_writes": True, "owners": {"description": "shop"}},
            }
        },
    ),
    answers={
        201: Answer(
            description="It is registered, and worked with from now on.", kind=ONE_SHOP, headers=("Location",)
        )
    },
    refusals={
        409: "The id is taken, the tenant has a shop at this address, or as many shops as it may.",
        422: FAILED_CHECK,
    },
)

ONE = Operation(
    method="GET",
    path="/api/v1/shops/{shop_id}",
    operation_id="getShop",
    tag=Tag.SHOPS,
    scope=Scope.ADMIN,
    summary="One shop",
    parameters=(SHOP_ID,),
    answers={200: Answer(description="The shop.", kind=ONE_SHOP)},
    refusals={404: "The tenant has no such shop."},
)

CHANGE = Operation(
    method="PATCH",
    path="/api/v1/shops/{shop_id}",
    operation_id="changeShop",
    tag=Tag.SHOPS,
    scope=Scope.ADMIN,
    summary="Change a shop's name, settings, key or address",
    description="Another host needs the key again: a key is only sent to the address it was given for.",
    parameters=(SHOP_ID, CHECK),
    body=Body(kind=ShopChange, examples={"Fewer requests at a time": {"settings": {"concurrency": 2}}}),
    answers={200: Answer(description="The shop as it is now.", kind=ONE_SHOP)},
    refusals={
        404: "The tenant has no such shop.",
        409: "The shop is the operator's, or the tenant has another one at this address.",
        422: FAILED_CHECK,
    },
)

REMOVE = Operation(
    method="DELETE",
    path="/api/v1/shops/{shop_id}",
    operation_id="removeShop",
    tag=Tag.SHOPS,
    scope=Scope.ADMIN,
    summary="Remove a shop from Skuwire; the shop itself stays as it is",
    description="Its key is forgotten, its id never given again.",
    parameters=(SHOP_ID, FORCE),
    answers={204: Answer(description="It is removed.")},
    refusals={
        404: "The tenant has no such shop.",
        409: "The shop is the operator's, or work for it is open and `force` is not said.",
    },
)

LOOK = Operation(
    method="POST",
    path="/api/v1/shops/{shop_id}/check",
    operation_id="checkShop",
    tag=Tag.SHOPS,
    scope=Scope.ADMIN,
    summary="Look at a shop now",
    parameters=(SHOP_ID,),
    answers={200: Answer(description="The shop, with what was found.", kind=ONE_SHOP)},
    refusals={404: "The tenant has no such shop."},
)
