"""Descriptions of brands: many products tell them, the newest telling counts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prestashop_writer.owners import ours_to_write
from prestashop_writer.plan import BRAND, Name, ProductPlan
from prestashop_writer.target import ShopProfile


@dataclass(frozen=True)
class Told:
    """A product's words about its brand, and the change that said them."""

    plan: ProductPlan
    brand: Name
    text: str
    sequence: int


@dataclass(frozen=True)
class BrandText:
    """The description that a brand was given last; None where none was written by us."""

    text: str | None
    sequence: int


NOTHING_KNOWN = BrandText(None, 0)


def told_of(plans: Iterable[ProductPlan], profile: ShopProfile) -> list[Told]:
    """What products say about their brands: one without a description says nothing, a null clears it."""
    told = []
    for plan in plans:
        product = plan.product
        if plan.is_delete or not product.is_wanted:
            continue
        state = ours_to_write(product.living, profile.owners, creating=plan.is_create)
        brand = state["brand"].value if "brand" in state else None
        name = " ".join(brand["name"].split()) if brand else ""
        if brand and name and "description" in brand:
            text = brand["description"] or ""
            told.append(Told(plan, Name(BRAND, name), text, state["brand"].sequence))
    return told


def newest(told: Iterable[Told], held: Mapping[Name, BrandText]) -> dict[Name, BrandText]:
    """The newest text of each brand, where it is newer than what the brand has."""
    texts: dict[Name, BrandText] = {}
    for one in told:
        known = texts.get(one.brand) or held.get(one.brand, NOTHING_KNOWN)
        if one.sequence > known.sequence:
            texts[one.brand] = BrandText(one.text, one.sequence)
    return texts


def differing(wanted: Mapping[Name, BrandText], held: Mapping[Name, BrandText]) -> list[Name]:
    """The brands whose text has to be written."""
    return [name for name, text in wanted.items() if held.get(name, NOTHING_KNOWN).text != text.text]
