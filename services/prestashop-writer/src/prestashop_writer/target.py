"""What a product should look like in the shop, worked out from its desired state.

The result is flat and in JSON's types, the same form in which the writer remembers what the shop holds, so
that the difference between the two is a comparison. Brands, suppliers, features and values stand by name
here; their ids are filled in when the request is built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.features import feature_name, feature_value
from common.messages import PLAIN, ShopLanguage, TechnicalDatum
from prestashop_writer.merge import DesiredState, Stamped

Content = dict[str, Any]
"""Shop field → value: texts as `{iso: text}`, decimals as plain strings, `features` as pairs of names."""

SHOP_TEXTS = {  # ours → the shop's
    "name": "name",
    "summary": "description_short",
    "description": "description",
    "slug": "link_rewrite",
    "meta_title": "meta_title",
    "meta_description": "meta_description",
}
SHOP_DECIMALS = {"price": "price", "weight": "weight", "width": "width", "height": "height", "depth": "depth"}
SHOP_FLAGS = ("active", "available_for_order")
SHOP_VALUES = {  # ours → the shop's, and what stands there when it is cleared
    "minimal_quantity": ("minimal_quantity", "1"),
    "ean13": ("ean13", ""),
    "visibility": ("visibility", "both"),
    "condition": ("condition", "new"),
    "tax_rules_group": ("id_tax_rules_group", "0"),
}
MAIN_CATEGORY = "id_category_default"
SHOP_DECIMAL_PLACES = Decimal("0.000001")  # the shop stores six

# Left out, these become 0 or empty, and the product is invisible (measured on PrestaShop 8.2.1).
CREATE_DEFAULTS: Content = {
    "price": "0",
    "active": "1",
    "state": "1",
    "available_for_order": "1",
    "show_price": "1",
    "minimal_quantity": "1",
    "visibility": "both",
}


QUANTITY_TOLD = "quantity_told"
"""Beside a stock that is kept, where stocks are repeated: the newest telling that was written."""


@dataclass(frozen=True)
class ShopProfile:
    """What the target depends on besides the product: the shop's languages and its owner's choices."""

    languages: Sequence[ShopLanguage]
    stock_from: str = "warehouses"
    repeat_stocks: bool = False
    home_category: int = 2
    owners: Mapping[str, str] = field(default_factory=dict)  # by field; see owners.py

    @property
    def default_language(self) -> ShopLanguage:
        return next((lang for lang in self.languages if lang.is_default), self.languages[0])


def target_content(state: DesiredState, profile: ShopProfile, held: Content) -> Content:
    """The product's content, as far as its desired state says anything about it.

    `held` is what the shop is known to hold: a language that the sender never gave keeps its text.
    """
    content: Content = {}
    for ours, theirs in SHOP_TEXTS.items():
        texts = _text_by_language(dict(_parts(state, ours)), profile, held.get(theirs, {}))
        if texts:
            content[theirs] = texts
    for ours, theirs in SHOP_DECIMALS.items():
        if ours in state:
            content[theirs] = plain_decimal(state[ours].value)
    for name in SHOP_FLAGS:
        if name in state:
            content[name] = "0" if state[name].value is False else "1"
    for ours, (theirs, when_cleared) in SHOP_VALUES.items():
        if ours in state:
            content[theirs] = str(state[ours].value or when_cleared)
    if "brand" in state:
        content["brand"] = clean((state["brand"].value or {}).get("name", ""))
    if "supplier" in state:
        content["supplier"] = clean((state["supplier"].value or {}).get("name", ""))
    if "technical_data" in state:
        content["features"] = feature_pairs(state["technical_data"].value)
    content.update(_categories(state, profile))
    return content


def create_content(content: Content, profile: ShopProfile) -> Content:
    """The content of a product that is new: what was not said gets the defaults of the back office."""
    main = content.get(MAIN_CATEGORY, str(profile.home_category))
    return {**CREATE_DEFAULTS, MAIN_CATEGORY: main, "categories": [int(main)], **content}


def target_quantity(state: DesiredState, profile: ShopProfile) -> int | None:
    """The shop's stock: the sum of the warehouses or the plain quantity; None where nothing was said."""
    warehouses = [stamped.value or 0 for _, stamped in _parts(state, "warehouses")]
    quantity = state["quantity"].value if "quantity" in state else None
    if warehouses and (profile.stock_from == "warehouses" or quantity is None):
        return sum(warehouses)
    return quantity


def stock_told_at(state: DesiredState) -> int:
    """The newest change that told a stock of the product itself; 0 for none."""
    told = [stamped.sequence for _, stamped in _parts(state, "warehouses")]
    return max([*told, state["quantity"].sequence if "quantity" in state else 0])


def feature_pairs(technical_data: Sequence[Mapping[str, Any]] | None) -> list[list[str]]:
    """`[feature, value]` in the order of the data sheet, each pair once.

    A pair that is sent twice empties all features of the product (measured on PrestaShop 8.2.1).
    """
    data = [TechnicalDatum.model_validate(entry) for entry in technical_data or ()]
    in_order = sorted(data, key=lambda datum: datum.order)  # stable: equal orders stay as they were sent
    pairs = dict.fromkeys((clean(feature_name(datum)), clean(feature_value(datum))) for datum in in_order)
    return [list(pair) for pair in pairs if all(pair)]


def plain_decimal(value: str | None) -> str:
    """`"12.50"` → `"12.5"`: one spelling for each number, without exponent, at the shop's six places."""
    number = Decimal(value or 0).quantize(SHOP_DECIMAL_PLACES)
    text = format(number, "f").rstrip("0").rstrip(".")
    return text if text not in ("", "-0") else "0"


def _parts(state: DesiredState, field: str) -> list[tuple[str, Stamped]]:
    prefix = f"{field}."
    return [(name.removeprefix(prefix), held) for name, held in state.items() if name.startswith(prefix)]


def _text_by_language(
    texts: Mapping[str, Stamped], profile: ShopProfile, held: Mapping[str, str]
) -> dict[str, str]:
    """A text for every language of the shop: one that is left out would be blanked. {} where none is given.

    A language that was never given keeps the text that it holds, unless that is but a copy of a given one:
    then it follows, and so does one that holds nothing.
    """
    default = profile.default_language.iso_code
    given = {lang.iso_code: _given_text(texts, lang.iso_code, default) for lang in profile.languages}
    if all(text is None for text in given.values()):
        return {}
    copies = {held.get(iso) for iso, text in given.items() if text is not None}
    first = given[default] or next(filter(None, given.values()), "")
    return {
        iso: first if text is None and held.get(iso) in {None, "", *copies} else _kept_text(text, held, iso)
        for iso, text in given.items()
    }


def _kept_text(text: str | None, held: Mapping[str, str], iso: str) -> str:
    return held[iso] if text is None else text


def _given_text(texts: Mapping[str, Stamped], iso: str, default: str) -> str | None:
    """The text that was sent for a language; None where none was. A null clears all older ones."""
    own, plain = texts.get(iso), texts.get(PLAIN)
    overrides = plain is not None and (iso == default or plain.value is None)
    if own is None or (overrides and plain is not None and plain.sequence > own.sequence):
        own = plain
    return None if own is None else (own.value or "").strip()


def _categories(state: DesiredState, profile: ShopProfile) -> Content:
    """The default category and the whole list, of which the default is always one.

    Without a list the default stands alone, and says nothing about the categories that there are.
    """
    listed = list(state["categories"].value or []) if "categories" in state else None
    default = state["default_category"].value if "default_category" in state else None
    if listed is None:
        return {} if default is None else {MAIN_CATEGORY: str(default)}
    default = default or (listed[0] if listed else profile.home_category)
    return {MAIN_CATEGORY: str(default), "categories": sorted({default, *listed})}


def clean(name: str) -> str:
    """A name without blanks around it, and single ones within: as the shop compares them."""
    return " ".join(name.split())
