"""What is answered about shops."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from gateway.answers.access import Second
from gateway.answers.words import ShopId

State = Literal["unchecked", "ready", "incomplete", "failed"]


class ShownRight(TypedDict):
    """What the shop's webservice key may not do, and where it is allowed."""

    resource: Annotated[str, Field(examples=["combinations"])]
    verbs: Annotated[list[str], Field(examples=[["POST"]])]
    needed_for: Annotated[str, Field(examples=["sell products in variants"])]
    required: Annotated[
        bool, Field(description="Whether nothing at all is written to the shop without it.", examples=[False])
    ]
    fix: Annotated[
        str,
        Field(
            description="What to do in the shop's back office.",
            examples=[
                "Advanced Parameters → Webservice → your key → in the row combinations tick Add (POST)."
            ],
        ),
    ]


class ShownProblem(TypedDict):
    """Why the shop could not be looked at."""

    field: Annotated[Literal["url", "key"], Field(description="What is to be set right.", examples=["key"])]
    message: Annotated[str, Field(examples=["The shop does not accept the key."])]


class ShownCheck(TypedDict):
    """What was found when the shop was looked at last."""

    state: Annotated[
        State,
        Field(
            description="`ready`: it can be worked with. `incomplete`: the key lacks required rights. "
            "`failed`: it could not be looked at. `unchecked`: nobody has looked yet.",
            examples=["ready"],
        ),
    ]
    checked_at: Second | None
    version: Annotated[str | None, Field(description="PrestaShop's.", examples=["8.2.1"])]
    languages: Annotated[list[str], Field(description="ISO codes.", examples=[["it", "en"]])]
    can: Annotated[list[str], Field(examples=[["create and change products", "set stocks"]])]
    missing: list[ShownRight]
    problem: ShownProblem | None


class ShownTerms(TypedDict):
    """How the shop is treated."""

    concurrency: Annotated[int, Field(examples=[4])]
    requests_per_minute: Annotated[float, Field(examples=[0])]
    request_timeout_seconds: Annotated[float, Field(examples=[20])]
    late_commit_seconds: Annotated[float, Field(examples=[120])]
    creates_per_request: Annotated[int, Field(examples=[25])]
    changes_per_request: Annotated[int, Field(examples=[50])]
    stock_from: Annotated[str, Field(examples=["warehouses"])]
    repeat_stocks: Annotated[bool, Field(examples=[False])]
    home_category: Annotated[int, Field(examples=[2])]
    verify_writes: Annotated[bool, Field(examples=[False])]
    owners: Annotated[dict[str, str], Field(examples=[{"description": "shop"}])]


class ShownShop(TypedDict):
    """A shop, without its key."""

    id: ShopId
    name: Annotated[str, Field(examples=["Acme Milano"])]
    url: Annotated[str, Field(examples=["https://shop.example.com"])]
    test: Annotated[bool, Field(description="Whether it is for `pm_test_` keys.", examples=[False])]
    managed_by: Annotated[
        Literal["operator", "tenant"],
        Field(description="Shops of the operator are only changed by the operator.", examples=["tenant"]),
    ]
    key_end: Annotated[
        str | None, Field(description="The last four characters of its key.", examples=["FA1E"])
    ]
    settings: ShownTerms
    registered_at: Second | None
    changed_at: Second | None
    check: ShownCheck


class ShownShops(TypedDict):
    """The shops of a tenant; a request that names none is for the first."""

    shops: list[ShownShop]
