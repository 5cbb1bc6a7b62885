"""What is answered about single items in all dialects: reasons, plans of dry runs, proof of a write."""

from typing import Annotated, NotRequired

from pydantic import Field, JsonValue
from typing_extensions import TypedDict

from gateway.answers.words import Count, ResultName


class ToldReason(TypedDict):
    """Why an item was refused, or what is to be known of it."""

    code: Annotated[str, Field(description="Stays the same.", examples=["price_negative"])]
    field: Annotated[str, Field(description="The path of the field, as senders call it.", examples=["price"])]
    message: Annotated[str, Field(examples=["Price must be a positive number"])]


class ToldChange(TypedDict):
    """What a real run would change."""

    field: Annotated[str, Field(examples=["price"])]
    before: Annotated[JsonValue, Field(description="Null where nothing is known.", examples=["10.00"])]
    after: Annotated[JsonValue, Field(examples=["12.50"])]


class PlannedRequests(TypedDict):
    """Requests of one method to one resource of the shop."""

    method: Annotated[str, Field(examples=["PATCH"])]
    resource: Annotated[str, Field(examples=["products"])]
    requests: Count
    entities: Count


class ShopRequestsTold(TypedDict):
    """The requests that a real run would send to the shop."""

    total: Count
    requests: list[PlannedRequests]


class ItemPlan(TypedDict):
    """What a real run would do with an item."""

    outcome: ResultName
    changes: list[ToldChange]
    warnings: list[ToldReason]


class Plan(ItemPlan):
    """The same for a product that was sent alone."""

    shopRequests: ShopRequestsTold


class Proof(TypedDict):
    """Whether the shop holds what was written, where it was read afterwards."""

    verified: NotRequired[Annotated[bool, Field(examples=[True])]]
    warnings: NotRequired[Annotated[list[ToldReason], Field(description="What the shop holds otherwise.")]]
