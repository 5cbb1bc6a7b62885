"""What a catalogue needs to know of a shop, read and typed: languages, categories, stock, limits, rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prestashop.capabilities import Category, Language, category_of, image_limit_bytes, language_of
from prestashop.errors import ShopAuthFailed, ShopMethodNotAllowed, ShopRefusal
from prestashop.filters import query
from prestashop.names import checked
from prestashop.nodes import Node, Value, id_of, text_of
from prestashop.reading import Reader
from prestashop.schemas import ResourceSchema, read_schema
from prestashop.xml import from_xml


@dataclass(frozen=True, slots=True)
class StockRow:
    """How many pieces there are of a product, or of one of its combinations (``combination_id`` above 0).

    The row 0 of a product with combinations is the sum of theirs. ``shop_id`` is 0 where a group of shops
    shares the stock.
    """

    id: int
    product_id: int
    combination_id: int
    shop_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class TaxRuleGroup:
    """A rule for taxes that products refer to by ``id_tax_rules_group``."""

    id: int
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Reads over HTTP; every method raises a ShopError when it fails."""

    reader: Reader

    async def languages(self) -> list[Language]:
        """Read the languages, also those switched off."""
        return [language_of(node) for node in await self.reader.list_all("languages", display="full")]

    async def categories(self) -> list[Category]:
        """Read all categories."""
        shown = ("id", "id_parent", "active", "name")
        return [category_of(node) for node in await self.reader.list_all("categories", display=shown)]

    async def tax_rule_groups(self) -> list[TaxRuleGroup]:
        """Read the tax rule groups that are not deleted."""
        nodes = await self.reader.list_all("tax_rule_groups", display=("id", "name", "active", "deleted"))
        return [
            TaxRuleGroup(id_of(node), text_of(node, "name"), text_of(node, "active") == "1")
            for node in nodes
            if text_of(node, "deleted") != "1"
        ]

    async def stock_rows(self, product_ids: Sequence[int]) -> list[StockRow]:
        """Read the stock of products and of their combinations."""
        shown = ("id", "id_product", "id_product_attribute", "id_shop", "quantity")
        nodes = await self.of_products("stock_availables", product_ids, shown)
        return [_stock_row(node) for node in nodes]

    async def of_products(
        self, resource: str, product_ids: Sequence[int], display: Sequence[str]
    ) -> list[Node]:
        """Read what belongs to products, by its ``id_product``: 50 products a request, in order of id."""
        values = [str(product_id) for product_id in product_ids]
        found = await self.reader.find(resource, "id_product", values, display)
        return sorted((node for nodes in found.values() for node in nodes), key=id_of)

    async def image_limit_bytes(self) -> int:
        """Tell the largest picture that the shop takes; a fresh shop's default if the key may not ask."""
        name = "PS_LIMIT_UPLOAD_IMAGE_VALUE"
        question = query(display=("name", "value"), filters={"name": name})
        try:
            answer = await self.reader.transport.request("GET", "configurations", query=question)
        except (ShopAuthFailed, ShopMethodNotAllowed, ShopRefusal):
            return image_limit_bytes("", "")
        values = [text_of(node, "value") for node in from_xml("configurations", answer.body)]
        return image_limit_bytes(answer.version or "", values[0] if values else "")

    async def schema(self, resource: str) -> ResourceSchema:
        """Read the rules of a resource's fields."""
        answer = await self.reader.transport.request("GET", checked(resource), query="schema=synopsis")
        return read_schema(resource, answer.body)


def _stock_row(node: Mapping[str, Value]) -> StockRow:
    return StockRow(
        id=id_of(node),
        product_id=int(text_of(node, "id_product")),
        combination_id=int(text_of(node, "id_product_attribute") or 0),
        shop_id=int(text_of(node, "id_shop") or 0),
        quantity=int(text_of(node, "quantity") or 0),
    )
