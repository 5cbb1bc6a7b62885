"""Bodies of products as types, for the document: made of the tables of fields, read by the dialects.

Nothing is read with these types: the dialects tell every violation with its path and its sentence.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from common.messages import Intent
from gateway.dialects import bulk, gesmart, sync
from gateway.field_schemas import LANGUAGE, Bounds, Wording, schema_of, schema_read_by
from gateway.fields import ALIASES, FIELDS, IDS, READ_OTHERWISE

ABOUT: Mapping[str, str] = {
    "name": "A text for all languages, or texts by language.",
    "summary": "The short description.",
    "description": "The long description, HTML allowed.",
    "slug": "The end of the product's address in the shop.",
    "meta_title": "For search engines.",
    "meta_description": "For search engines.",
    "price": "Without tax, in the shop's currency.",
    "quantity": "Pieces in stock; of a product with variants the stock is theirs.",
    "minimal_quantity": "The least that can be ordered.",
    "active": "Whether the shop shows it.",
    "available_for_order": "Whether it can be ordered.",
    "visibility": "Where the shop shows it: both, catalog, search, none.",
    "condition": "new, used, refurbished.",
    "tax_rules_group": "The shop's id of the tax rules; 0 for no tax.",
    "categories": "The shop's ids of all categories that it is in.",
    "default_category": "The shop's id of its main category.",
    "ean13": "13 digits, or empty.",
    "weight": "In the shop's unit.",
    "width": "In the shop's unit.",
    "height": "In the shop's unit.",
    "depth": "In the shop's unit.",
    "brand": "Made in the shop where it is not there yet.",
    "images": "All pictures, in their order: with their bytes, or the sha-256 of bytes that were sent ahead.",
    "technical_data": "All technical data; they become features of the product.",
    "productWarehouses": "The stock of each warehouse; the shop is told the sum.",
    "quantities": "Another name of productWarehouses.",
    "discounts": "`discount` per cent off from `quantity` pieces on, or `amount` off the price of each.",
    "supplier": "A name, or an object that also says what the supplier calls the product.",
    "variants": "All variants, each with its own stock, EAN, price impact and pictures.",
    "variant_quantities": "Stocks of variants that the product has, by their references.",
}
"""What each field is, for readers of the document."""

BOUNDS_OF_SYNC: Mapping[str, Bounds] = {
    "name": Bounds(max_characters=sync.MAX_NAME),
    "description": Bounds(max_characters=sync.MAX_DESCRIPTION),
    "ean13": Bounds(pattern="^([0-9]{13})?$"),
    "images": Bounds(max_entries=sync.MAX_IMAGES),
    "technical_data": Bounds(max_entries=sync.MAX_TECHNICAL_DATA),
    **{
        name: Bounds(at_least=0)
        for name in ("price", "quantity", "weight", "minimal_quantity", "width", "height", "depth")
    },
}
"""Seed 000's column "Validation"; in a bulk the rules are judged later, item by item."""

T = TypeVar("T")
Some = Annotated[list[T], Field(min_length=1, max_length=sync.MAX_BATCH)]

STRICT = ConfigDict(extra="forbid")
NEVER_CLEARED = {*sync.REQUIRED_TO_CREATE, "active"}
REFERENCE: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": sync.MAX_REFERENCE}
ID: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}


def _field(kind: Any, description: str, *, default: Any = ...) -> Any:
    """A field of a model; without a default it is required."""
    return (Annotated[kind, Field(description=description)], default)


def _typed(schema: Mapping[str, Any], description: str, *, required: bool = False) -> Any:
    """The same, by its JSON Schema."""
    kind = Annotated[Any, WithJsonSchema({**schema, "description": description})]
    return (kind, ... if required else None)


def _nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
    return dict(choices[0]) if len(choices) == 1 else {"anyOf": choices}


def _sync_fields(*required: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in FIELDS:
        schema = schema_of(name, Wording(numeric_strings=False, bounds=BOUNDS_OF_SYNC.get(name, Bounds())))
        if name in NEVER_CLEARED:
            schema = _without_null(schema)
        fields[name] = _typed(schema, ABOUT[name], required=name in required)
    return fields


DRY_RUN = _field(bool, "Change nothing, and tell what would be changed.", default=False)
NAMED = _typed(REFERENCE, "Your own name of the product, the same for ever.", required=True)
NAMED_OR_NOT = _typed(_nullable(REFERENCE), "Your own name of the product.")
IDS_OF_PRODUCT = {
    name: _typed(
        _nullable(ID), "The product's id in the shop." if name == "presta_id" else "Our id of the product."
    )
    for name in IDS
}

ProductToCreate: type[BaseModel] = create_model(
    "ProductToCreate",
    __config__=STRICT,
    __doc__="A product that the shop does not have yet. `quantity` is required where it has no variants.",
    operation=_field(Literal["create"], "409 where there is a product with this reference."),
    reference=NAMED,
    **_sync_fields("name", "price"),
)
ProductToUpdate: type[BaseModel] = create_model(
    "ProductToUpdate",
    __config__=STRICT,
    __doc__="What is to be otherwise about a product, which is named by its reference or by an id.",
    operation=_field(Literal["update"], "404 where there is no such product."),
    reference=NAMED_OR_NOT,
    **IDS_OF_PRODUCT,
    **_sync_fields(),
)
Product = Annotated[ProductToCreate | ProductToUpdate, Field(discriminator="operation")]

SingleToCreate: type[BaseModel] = create_model("SingleToCreate", __base__=ProductToCreate, dry_run=DRY_RUN)
SingleToUpdate: type[BaseModel] = create_model("SingleToUpdate", __base__=ProductToUpdate, dry_run=DRY_RUN)
SingleProduct = Annotated[SingleToCreate | SingleToUpdate, Field(discriminator="operation")]
"""Body of `POST /api/products/sync`."""

Batch: type[BaseModel] = create_model(
    "Batch",
    __config__=STRICT,
    __doc__="Products; one that breaks a rule is refused for itself.",
    products=_field(Some[Product], "One result each, in this order."),
    dry_run=DRY_RUN,
)
"""Body of `POST /api/products/sync/batch`."""

DeliveredProduct: type[BaseModel] = create_model(
    "DeliveredProduct",
    __config__=STRICT,
    __doc__="A product of an ERP's webhook; without an `operation` the event says what happened to it.",
    operation=_field(Literal["create", "update"] | None, "Counts before the event.", default=None),
    reference=NAMED_OR_NOT,
    **IDS_OF_PRODUCT,
    **_sync_fields(),
)
DeliveredProducts: type[BaseModel] = create_model(
    "DeliveredProducts",
    __config__=STRICT,
    __doc__="Several products.",
    products=_field(Some[DeliveredProduct], "They are told one by one."),
)
Delivered = DeliveredProduct | DeliveredProducts | Some[DeliveredProduct]
StandardDelivery: type[BaseModel] = create_model(
    "StandardDelivery",
    __doc__="The form of Standard Webhooks.",
    type=_typed({"enum": list(gesmart.EVENTS)}, "What happened to them.", required=True),
    data=(Delivered, ...),
)
Delivery = Delivered | StandardDelivery
"""Body of `POST /api/webhooks/gesmart/products`."""


# ── the bulk dialect ──


def _bulk_fields() -> dict[str, Any]:
    wording = Wording(numeric_strings=True)
    fields = {name: _typed(schema_of(name, wording), ABOUT[name]) for name in FIELDS}
    for name, ours in ALIASES.items():
        if name in READ_OTHERWISE:
            schema = schema_read_by(READ_OTHERWISE[name], wording)
        else:
            schema = schema_of(ours, wording) if ours in FIELDS else _nullable({"type": "string"})
        fields[name] = _typed(schema, f"Another name of {ours}.")
    return fields


def _with_language_blocks(schema: dict[str, Any]) -> None:
    text = _nullable({"type": "string"})
    texts = dict.fromkeys(sorted(bulk.TEXTS_BY_LANGUAGE), text)
    block = {"type": "object", "properties": texts, "additionalProperties": False}
    schema["patternProperties"] = {LANGUAGE: block}


BulkItem: type[BaseModel] = create_model(
    "BulkItem",
    __config__=ConfigDict(extra="forbid", json_schema_extra=_with_language_blocks),
    __doc__="""A product. With an id it is updated; without, it is written whether it exists or not. Texts may
stand in blocks by language: `"it": {"name": "…"}`. Without `reference` it is known by the slug of its first
language.""",
    operation=_field(Intent | None, "Says outright what is meant.", default=None),
    reference=NAMED_OR_NOT,
    category_id=_typed(
        _nullable(Wording(numeric_strings=True).number(whole=True)),
        "The main category and, unless `categories` lists others, the only one.",
    ),
    **{
        name: _typed(
            _nullable({"anyOf": [ID, {"type": "string", "pattern": "^[0-9]{1,18}$"}]}),
            "The product's id in the shop." if name == "presta_id" else "Our id of the product.",
        )
        for name in IDS
    },
    **_bulk_fields(),
)
Bulk: type[BaseModel] = create_model(
    "Bulk",
    __config__=STRICT,
    __doc__="A catalogue; an item that cannot be read is refused for itself.",
    items=_field(
        Annotated[list[BulkItem], Field(min_length=1)], "At most 20,000, unless the operator says otherwise."
    ),
    dry_run=DRY_RUN,
)
"""Body of `POST /api/products/bulk`."""
