"""One product change, in the form that every dialect is translated to.

A field that is absent stays as it is in the shop; `None` clears it where clearing makes sense; a list
is the whole desired list. Absent and `None` differ by `model_fields_set`.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from common.messages.contract import Part

PLAIN = "*"
"""Key of a text that was given without a language: see `ProductFields`."""

Texts = dict[str, str]
"""Text by language ISO code (`en`, `it`), or under `PLAIN`."""


class Intent(StrEnum):
    """What the sender wants: `create` fails where the product exists, `update` where it does not."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"


class Brand(Part):
    """A brand (the shop's manufacturer), known by its name."""

    name: str
    description: str | None = None


class TechnicalDatum(Part):
    """One line of a data sheet. `order` sorts within the product; units are part of the shown value."""

    group: str
    name: str
    value: str
    unit: str = ""
    order: int = 0


class ImageReference(Part):
    """A picture whose bytes lie in blob storage under their sha-256 (claim check)."""

    file_name: str
    sha256: str


class Discount(Part):
    """A price reduction from a quantity on, within dates (both days included)."""

    from_quantity: int = 1
    percentage: Decimal | None = None
    amount: Decimal | None = None
    starts: date | None = None
    ends: date | None = None


class Supplier(Part):
    """A supplier, known by its name. `reference` is what the supplier calls the product."""

    name: str
    reference: str | None = None


class Variant(Part):
    """One choice of a product (the shop's combination): a value for each option, `{"Size": "L"}`.

    Its reference tells it from the other variants of the product. The impacts are added to the product's
    price and weight. `images` are file names among the product's pictures; at most one variant is the
    default. A field that is absent stays as it is.
    """

    reference: str
    options: dict[str, str]
    ean13: str | None = None
    price_impact: Decimal | None = None
    weight_impact: Decimal | None = None
    quantity: int | None = None
    minimal_quantity: int | None = None
    is_default: bool | None = None
    images: tuple[str, ...] | None = None


class ProductFields(Part):
    """The fields of a product that a change may carry.

    A text under `PLAIN` is the text of every language that has no own one; where the default language
    has an own text too, the newer of both counts. Money is in the shop's currency without tax, weight
    in kg, dimensions in the shop's unit. `condition` is new, used or refurbished; `visibility` is both,
    catalog, search or none; `tax_rules_group` is the shop's id, 0 for no tax. `variants` is the whole
    desired list; `variant_quantities` are stocks by the references of variants that the product has already.
    """

    name: Texts | None = None
    summary: Texts | None = None
    description: Texts | None = None
    slug: Texts | None = None
    meta_title: Texts | None = None
    meta_description: Texts | None = None
    price: Decimal | None = None
    quantity: int | None = None
    warehouses: dict[str, int] | None = None  # warehouse id or code → quantity there
    minimal_quantity: int | None = None
    active: bool | None = None
    available_for_order: bool | None = None
    visibility: str | None = None
    condition: str | None = None
    tax_rules_group: int | None = None
    categories: tuple[int, ...] | None = None
    default_category: int | None = None
    ean13: str | None = None
    weight: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    depth: Decimal | None = None
    brand: Brand | None = None
    technical_data: tuple[TechnicalDatum, ...] | None = None
    images: tuple[ImageReference, ...] | None = None
    discounts: tuple[Discount, ...] | None = None
    supplier: Supplier | None = None
    variants: tuple[Variant, ...] | None = None
    variant_quantities: dict[str, int] | None = None


class ProductChange(Part):
    """One item of a submission.

    `sequence` rises with every item that a gateway accepts: the newest value of a field wins, in
    whatever order changes arrive. `reference` is missing only where an id was given that is not known.
    """

    position: int  # in the submission, from 0
    sequence: int
    intent: Intent
    reference: str | None = None
    product_id: int | None = None
    presta_id: int | None = None
    fields: ProductFields = ProductFields()
