"""The plan of a pass: which products are created, which changed, which stocks set. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from common.create_protocol import Post
from prestashop import Node, Value
from prestashop_writer.discounts import (
    DISCOUNTS,
    DiscountPlan,
    Row,
    plan_discounts,
    target_discounts,
    without_ids,
)
from prestashop_writer.merge import VARIANTS, DesiredState, deletion, newer_than, newest_sequence
from prestashop_writer.owners import ours_to_write
from prestashop_writer.suppliers import SUPPLIER_ROW, SupplierRow, is_supplied, target_supplier
from prestashop_writer.target import (
    QUANTITY_TOLD,
    SHOP_TEXTS,
    Content,
    ShopProfile,
    create_content,
    stock_told_at,
    target_content,
    target_quantity,
)
from prestashop_writer.variants import (
    LOOKED_FOR,
    VariantTarget,
    is_held,
    options_to_name,
    target_variants,
    unknown_since,
)
from prestashop_writer.variants import Row as VariantRow

QUANTITY = "quantity"  # kept with the content, written through stock_availables
# Kept with the content, and not fields of the shop's product.
BESIDE_THE_CONTENT = frozenset({QUANTITY, QUANTITY_TOLD, DISCOUNTS, VARIANTS, SUPPLIER_ROW})
EVERY_FIELD = "*"  # in doubt after a request that wrote the whole product, as it does without PATCH


class State(StrEnum):
    """Where a product stands. `creating`: a create was committed and its answer is not recorded."""

    NEW = "new"
    CREATING = "creating"
    LIVE = "live"


@dataclass(frozen=True)
class Product:
    """A product as the writer keeps it.

    `written` is what the shop is known to hold, except for the `doubtful` fields: those were sent in a
    request whose end is not recorded, so that the shop may hold the old or the new value. `post` is the
    outstanding create of one that is `creating`, `variants_post` that of its combinations with the references
    `variants_posted`. `newest_change` is that of the open items and the state, `deleted` the newest deletion
    that was carried out.
    """

    reference: str
    state: State
    desired: DesiredState
    written: Content = field(default_factory=dict)
    product_id: int | None = None
    presta_id: int | None = None
    stock_id: int | None = None
    post: Post | None = None
    variants_post: Post | None = None
    variants_posted: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    newest_change: int = 0
    deleted: int = 0

    @property
    def deletion(self) -> int:
        """The newest change that wants the product gone, or has brought it about; 0 for none."""
        return max(deletion(self.desired), self.deleted)

    @property
    def living(self) -> DesiredState:
        """What the product is to be, as far as it was said after the deletion."""
        return newer_than(self.deletion, self.desired)

    @property
    def must_go(self) -> bool:
        """Whether a deletion is wanted that was not carried out."""
        return self.deletion > self.deleted

    @property
    def is_wanted(self) -> bool:
        """Whether the shop should have the product: nothing is newer than a deletion where it should not."""
        newest = max(newest_sequence(self.desired), self.newest_change)
        return not self.deletion or newest > self.deletion

    @property
    def variants(self) -> Sequence[VariantRow] | None:
        """The variants that the shop is known to hold; None where that is not known."""
        rows: Sequence[VariantRow] | None = self.written.get(VARIANTS)
        return None if VARIANTS in self.doubtful else rows

    def holds(self, field: str, value: Any) -> bool:
        """Whether the shop is known to hold this value."""
        is_in_doubt = field in self.doubtful or (
            EVERY_FIELD in self.doubtful and field not in BESIDE_THE_CONTENT
        )
        return not is_in_doubt and self.written.get(field) == value


@dataclass(frozen=True)
class KeptProduct:
    """A product with what the writer remembers of its creates and writes.

    `last_error`: how the shop failed at the last request that it was part of; None once one has succeeded.
    `deleted_id`: the shop's id of what the newest deletion deleted; None where there was nothing.
    """

    product: Product
    created_sequence: int | None
    changed_sequence: int
    attempts: int
    last_error: str | None = None
    deleted_id: int | None = None

    @property
    def is_just_created(self) -> bool:
        """Whether it was created by the newest change: it is too new for anybody else to have touched it."""
        created = self.created_sequence
        return created is not None and created >= newest_sequence(self.product.desired)


class Name(NamedTuple):
    """A brand, supplier, feature, option or value that a product needs. `parent` names that of a value."""

    kind: str
    name: str
    parent: str = ""


BRAND, FEATURE, FEATURE_VALUE = "brand", "feature", "feature_value"
OPTION, OPTION_VALUE, SUPPLIER = "option", "option_value", "supplier"

NameIds = Mapping[Name, int]


@dataclass(frozen=True)
class ProductPlan:
    """What one product needs: the content that differs, the stock and the discounts where they differ.

    `discounts` is None where they are as desired, and where they are not known yet (`discounts_differ`).
    `variants` and `supplier` are what is desired, None where nothing was said; whether they differ stands
    beside them.
    """

    product: Product
    content: Content
    quantity: int | None
    discounts: DiscountPlan | None = None
    discounts_differ: bool = False
    variants: VariantTarget | None = None
    variants_differ: bool = False
    supplier: SupplierRow | None = None
    supplier_differs: bool = False

    @property
    def is_delete(self) -> bool:
        return self.product.must_go

    @property
    def is_create(self) -> bool:
        return self.product.presta_id is None and self.product.is_wanted and not self.is_delete

    @property
    def is_nothing(self) -> bool:
        beside = self.discounts_differ or self.variants_differ or self.supplier_differs
        nothing_said = not self.content and self.quantity is None and not beside
        return nothing_said and not self.is_create and not self.is_delete


def plan_product(product: Product, profile: ShopProfile) -> ProductPlan:
    """The difference between the desired state and what the shop is known to hold."""
    if product.must_go or not product.is_wanted:
        return ProductPlan(product, {}, None)
    desired = ours_to_write(product.living, profile.owners, creating=product.presta_id is None)
    content = target_content(desired, profile, product.written)
    if product.presta_id is None:
        content = create_content(content, profile)
    else:
        content = {name: value for name, value in content.items() if not product.holds(name, value)}
    variants = target_variants(desired, repeat_stocks=profile.repeat_stocks)
    supplier = target_supplier(desired)
    discounts, discounts_differ = _discounts(product, desired)
    return ProductPlan(
        product,
        content,
        _quantity(product, desired, profile, variants),
        discounts,
        discounts_differ,
        variants,
        _variants_differ(product, variants),
        supplier,
        _supplier_differs(product, supplier),
    )


def _quantity(
    product: Product, desired: DesiredState, profile: ShopProfile, variants: VariantTarget | None
) -> int | None:
    """The stock where it differs. That of a product with variants is the shop's own sum of theirs."""
    quantity = target_quantity(desired, profile)
    is_born_so = product.presta_id is None and not quantity  # a new product has a stock of 0
    if is_born_so or has_variants(product, variants):
        return None
    told_again = profile.repeat_stocks and stock_told_at(desired) > product.written.get(QUANTITY_TOLD, 0)
    return quantity if told_again or not product.holds(QUANTITY, quantity) else None


def has_variants(product: Product, variants: VariantTarget | None) -> bool:
    """Whether the product has variants in the shop, or is to have some."""
    is_to_have = variants is not None and variants.whole and bool(variants.rows)
    return is_to_have or bool(product.written.get(VARIANTS))


def _variants_differ(product: Product, variants: VariantTarget | None) -> bool:
    if variants is None:
        return False
    if product.presta_id is None:
        return variants.whole and bool(variants.rows)
    if product.variants is None or not is_held(variants, product.variants):
        return True
    return are_to_be_looked_for(product, variants)


def are_to_be_looked_for(product: Product, variants: VariantTarget) -> bool:
    """Whether there is a stock of a variant that nobody has looked for since it was told."""
    looked_for: int = product.written.get(LOOKED_FOR, 0)
    return unknown_since(variants, product.variants or ()) > looked_for


def _supplier_differs(product: Product, supplier: SupplierRow | None) -> bool:
    if supplier is None:
        return False
    if product.presta_id is None:
        return bool(supplier)
    held = product.written.get(SUPPLIER_ROW)
    return SUPPLIER_ROW in product.doubtful or held is None or not is_supplied(supplier, held)


def _discounts(product: Product, desired: DesiredState) -> tuple[DiscountPlan | None, bool]:
    """What is to be done to the discounts, where it is known, and whether anything is."""
    discounts = target_discounts(desired)
    if discounts is None or (product.presta_id is None and not discounts):
        return None, False
    held = _held_discounts(product)
    if held is not None and without_ids(held) == discounts:
        return None, False
    return None if held is None else plan_discounts(discounts, held), True


def _held_discounts(product: Product) -> Sequence[Row] | None:
    """The discounts that the shop is known to hold; None where that is not known."""
    if DISCOUNTS in product.doubtful:
        return None
    held: Sequence[Row] | None = product.written.get(DISCOUNTS)
    return held


def has_name(plan: ProductPlan) -> bool:
    """Whether the product has the one text without which the shop cannot create it."""
    return any(plan.content.get("name", {}).values())


def names_needed(plans: Iterable[ProductPlan]) -> dict[Name, Any]:
    """Brands, suppliers, features, options and values that the plans refer to, in order of first use."""
    needed: dict[Name, Any] = {}
    for plan in plans:
        if plan.content.get("brand"):
            brand = plan.product.desired["brand"].value
            needed.setdefault(Name(BRAND, plan.content["brand"]), brand.get("description"))
        for feature, value in plan.content.get("features", ()):
            needed.setdefault(Name(FEATURE, feature), None)
            needed.setdefault(Name(FEATURE_VALUE, value, feature), None)
        if plan.content.get("supplier"):
            needed.setdefault(Name(SUPPLIER, plan.content["supplier"]), None)
        for name in option_names(plan):
            needed.setdefault(name, None)
    return needed


def option_names(plan: ProductPlan) -> list[Name]:
    """Options and their values that the plan's variants refer to."""
    if plan.variants is None or not plan.variants_differ:
        return []
    options = options_to_name(plan.variants, plan.product.variants or ())
    return [
        name
        for one in options
        for option, value in one.items()
        for name in (Name(OPTION, option), Name(OPTION_VALUE, value, option))
    ]


def product_node(plan: ProductPlan, ids: NameIds, profile: ShopProfile) -> Node:
    """The entity that is sent: all of the content for a create, the differing fields for a change.

    Raises `KeyError` for a brand, supplier, feature or value without id.
    """
    content = plan.content
    node: dict[str, Value] = {} if plan.is_create else {"id": plan.product.presta_id}
    if plan.is_create:
        node["reference"] = plan.product.reference
    associations: dict[str, Sequence[Mapping[str, Value]]] = {}
    for name, value in content.items():
        if name in SHOP_TEXTS.values():
            node[name] = {language.id: value.get(language.iso_code, "") for language in profile.languages}
        elif name == "brand":
            node["id_manufacturer"] = ids[Name(BRAND, value)] if value else 0
        elif name == "supplier":
            node["id_supplier"] = ids[Name(SUPPLIER, value)] if value else 0
        elif name == "categories":
            associations["categories"] = [{"id": category} for category in value]
        elif name == "features":
            associations["product_features"] = _feature_links(value, ids)
        else:
            node[name] = value
    if associations:
        node["associations"] = associations
    return node


def _feature_links(pairs: Iterable[Sequence[str]], ids: NameIds) -> list[dict[str, Value]]:
    """Each pair of ids once: names that differ in case alone may be one in the shop, and a pair that is sent
    twice empties all features of the product (measured on PrestaShop 8.2.1)."""
    links = dict.fromkeys(
        (ids[Name(FEATURE, feature)], ids[Name(FEATURE_VALUE, text, feature)]) for feature, text in pairs
    )
    return [{"id": feature, "id_feature_value": value} for feature, value in links]


def after_write(plan: ProductPlan) -> Content:
    """What the shop is known to hold once the plan's product request has succeeded."""
    held = {**plan.product.written, **plan.content}
    if not plan.is_create:
        return held
    held |= {QUANTITY: 0, DISCOUNTS: [], SUPPLIER_ROW: {}}
    if plan.variants is None:
        return held
    return {**held, VARIANTS: [], LOOKED_FOR: newest_sequence(plan.product.desired)}
