"""For tests: changes, desired states and products that show only what matters."""

from typing import Any

from common.messages import ImageReference, Intent, ProductChange, ProductFields, ShopLanguage
from prestashop_writer.items import OpenItem
from prestashop_writer.merge import Stamped, merge
from prestashop_writer.plan import KeptProduct, Product, State
from prestashop_writer.target import ShopProfile

ENGLISH = ShopLanguage(id=1, iso_code="en", is_default=True)
ITALIAN = ShopLanguage(id=2, iso_code="it")
FRENCH = ShopLanguage(id=3, iso_code="fr")

TWO_LANGUAGES = ShopProfile(languages=(ENGLISH, ITALIAN))
THREE_LANGUAGES = ShopProfile(languages=(ENGLISH, ITALIAN, FRENCH))


def a_change(sequence: int = 1, intent: Intent = Intent.UPSERT, **fields: Any) -> ProductChange:
    """A change of the product P."""
    return ProductChange(
        position=0, sequence=sequence, intent=intent, reference="P", fields=ProductFields(**fields)
    )


def a_state(*changes: ProductChange, **fields: Any) -> dict[str, Stamped]:
    """The desired state after some changes, or after one with these fields."""
    state: dict[str, Stamped] = {}
    for change in changes or (a_change(**fields),):
        state = merge(state, change)
    return state


def a_product(*changes: ProductChange, **known: Any) -> Product:
    """The product P as these changes want it, and what is known of it in the shop."""
    state = State.LIVE if "presta_id" in known else State.NEW
    return Product(**{"reference": "P", "state": state, "desired": a_state(*changes), **known})


def a_kept(product: Product, *, created: int | None = None, changed: int = 0) -> KeptProduct:
    """A product with the newest changes that a create and a write contained."""
    return KeptProduct(product, created, changed, attempts=0)


def an_item(
    sequence: int,
    intent: Intent = Intent.UPSERT,
    technical_data: int = 0,
    images: tuple[ImageReference, ...] | None = None,
    variant_images: dict[str, tuple[str, ...]] | None = None,
) -> OpenItem:
    """An item that waits for the product P."""
    return OpenItem(
        chunk_id="bulk_1_0",
        position=sequence,
        reference="P",
        sequence=sequence,
        intent=intent,
        product_id=None,
        images=images,
        technical_data=technical_data,
        variant_images=variant_images,
    )
