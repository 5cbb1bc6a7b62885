"""A PrestaShop shop and what can be asked of it."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, TypeAlias

import aiohttp

from prestashop.capabilities import Capabilities, Category, Language, read_capabilities
from prestashop.catalogue import Catalogue, StockRow, TaxRuleGroup
from prestashop.filters import Display, Filter, query
from prestashop.nodes import Node, NodesToWrite
from prestashop.outcomes import Outcome, Refused
from prestashop.pacing import Pace
from prestashop.pictures import Pictures
from prestashop.reading import Reader
from prestashop.rehearsing import PlannedRequests, RehearsedTransport
from prestashop.requests import WritingRequests
from prestashop.schemas import ResourceSchema
from prestashop.settings import ClientSettings
from prestashop.transport import BeforeRequest, Carrier, OnRequest, Transport
from prestashop.writes import Outcomes, Writes

# Shop.list hides the builtin from the annotations of its own class.
Nodes: TypeAlias = list[Node]
Ids: TypeAlias = list[int]
Languages: TypeAlias = list[Language]
Categories: TypeAlias = list[Category]
TaxRuleGroups: TypeAlias = list[TaxRuleGroup]
StockRows: TypeAlias = list[StockRow]
QuantityOutcomes: TypeAlias = dict[tuple[int, int], Outcome]

_SETTINGS_OF_A_CLIENT = ClientSettings()


class Shop:
    """One shop, by its address and its webservice key; an asynchronous context manager.

    Reading raises a ShopError when it fails. Writing returns an Outcome for each entity and raises ValueError
    alone, for what no shop could be asked. Writes go out in the order given, in as few requests as the
    settings allow. The key is in no error, record or repr.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        settings: ClientSettings = _SETTINGS_OF_A_CLIENT,
        session: aiohttp.ClientSession | None = None,
        on_request: OnRequest | None = None,
        before_request: BeforeRequest | None = None,
    ) -> None:
        """``url`` is the shop's own domain, with or without ``/api``; a ``session`` given is not closed."""
        transport = Transport(
            url, key, settings, session=session, on_request=on_request, before_request=before_request
        )
        self._speak_through(transport, settings)

    def _speak_through(self, transport: Carrier, settings: ClientSettings) -> None:
        self._transport = transport
        self._settings = settings
        self._reader = Reader(transport, settings)
        self._writes = Writes(WritingRequests(transport, self._reader), settings)
        self._pictures = Pictures(transport)
        self._catalogue = Catalogue(self._reader)

    def __repr__(self) -> str:
        return f"Shop({self._transport.address!r})"

    @property
    def address(self) -> str:
        """The shop's address, without ``/api``."""
        return self._transport.address

    @property
    def pace(self) -> Pace:
        """How fast the shop is asked now (``current_limit``), for those who want to watch."""
        return self._transport.pace

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def get(self, resource: str, entity_id: int) -> Node | None:
        """Read one entity; None when the shop does not have it."""
        return await self._reader.get(resource, entity_id)

    async def list_all(
        self, resource: str, *, display: Display = "full", filters: Mapping[str, Filter] | None = None
    ) -> Nodes:
        """Read all entities in order of id, page by page; for ``filters`` see ``list``."""
        return await self._reader.list_all(resource, display=display, filters=filters)

    async def find(
        self, resource: str, field: str, values: Sequence[str], *, display: Sequence[str] = ()
    ) -> dict[str, Nodes]:
        """Look up many values of a field; return the entities of each, in order of id, [] for none.

        Compares letter by letter on this side, because the shop ignores case, in every language of a field
        that has languages. Shows the id, the field and ``display``. 50 values cost one request; a value with
        ``|``, ``,``, ``[``, ``]`` or ``<`` costs one of its own. ValueError for an empty value.
        """
        return await self._reader.find(resource, field, values, display)

    async def create(
        self, resource: str, nodes: NodesToWrite, *, identity: str | Sequence[str] | None = None
    ) -> Outcomes:
        """POST entities; an outcome for each, in order.

        ``identity`` names the fields by which the caller keeps its entities apart, by default those of
        ``IDENTITIES``: nothing is unique in PrestaShop, and after a failure they tell what was written. The
        first one is looked up, so that it should be the most telling: ``("value", "id_feature")``. The caller
        has made sure that the shop has none of them yet; an older one would be taken for the new one. An
        entity whose identity is empty, ends in a blank or is repeated is refused without being sent.

        - The shop's error (400, or 500 with PrestaShop's own text) refuses the first entity that a look-up
          does not find; those behind it are sent again.
        - After a PHP error or an empty 500 that entity is sent once more, alone: then it is refused (PHP
          complains again), unknown (the shop crashes again) or written (a deadlock had passed).
        - After a time-out, a lost connection, 502 or 504 nothing is asked: the shop may still be at work. All
          are unknown; look up later, and believe "not found" only once the shop must have given up.
        """
        return await self._writes.create(resource, nodes, identity)

    async def modify(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """Change entities by their ids: what is sent changes, all else stays, on every PrestaShop.

        A PATCH where the shop has it. Where it has not (1.7: 405) or the key may not use it, the entities are
        read, merged and PUT: two requests, and what somebody else changes of them in between is undone. Send
        all languages of a text: a PATCH blanks those left out. Associations sent are replaced, others stay.
        """
        return await self._writes.modify(resource, nodes)

    def writes_whole(self, resource: str) -> bool:
        """Whether ``modify`` writes all fields of an entity again, as far as the shop has told yet.

        A lost answer then leaves all of them in doubt: the shop may still write them as they were read.
        """
        return self._writes.writes_whole(resource)

    async def patch(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PATCH entities by their ids: what is sent changes, all else stays (PrestaShop 8 and later).

        Send all languages of a text: those left out are blanked. A request that fails is halved until the
        culprit stands alone; a write is thus repeated, which PATCH bears.
        """
        return await self._writes.patch(resource, nodes)

    async def put(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PUT entities by their ids: every field that is not sent is blanked. Fails like ``patch``."""
        return await self._writes.put(resource, nodes)

    async def delete(self, resource: str, ids: Sequence[int]) -> Outcomes:
        """DELETE entities; one that the shop does not have counts as deleted."""
        return await self._writes.delete(resource, ids)

    async def upload_image(self, product_id: int, data: bytes, filename: str, content_type: str) -> int:
        """Add a picture to a product and return its id. Not idempotent: list the pictures before a retry.

        Upload only what decodes: the shop answers 400 to a damaged jpg and keeps an empty picture all the
        same, even as the cover (measured on PrestaShop 8.2.1). Raises ShopRefusal with code 72 when it is too
        large, 76 when the format or the product is unknown.
        """
        return await self._pictures.upload(product_id, data, filename, content_type)

    async def replace_image(
        self, product_id: int, image_id: int, data: bytes, filename: str, content_type: str
    ) -> None:
        """Put another picture in the place of one, which keeps its id. Fails like an upload."""
        await self._pictures.replace(product_id, image_id, data, filename, content_type)

    async def image_ids(self, product_id: int) -> Ids:
        """List the pictures of a product; [] when it has none or the shop does not have it (404 to both)."""
        return await self._pictures.ids(product_id)

    async def image(self, product_id: int, image_id: int) -> bytes:
        """Read a picture as the shop keeps it, which is encoded anew and not what was uploaded.

        Raises ShopRefusal with code 57 when there is no such picture, 61 when it has no file.
        """
        return await self._pictures.read(product_id, image_id)

    async def delete_image(self, product_id: int, image_id: int) -> None:
        """Delete a picture; one that is gone already is no error."""
        await self._pictures.delete(product_id, image_id)

    async def set_cover(self, product_id: int, image_id: int) -> Outcome:
        """Make a picture the cover of its product."""
        node: Node = {"id": product_id, "id_default_image": image_id}
        return (await self.modify("products", [node]))[0]

    async def rehearsal(self) -> "RehearsedShop":
        """Return the same shop for trying out what writes would do: they are counted and not sent.

        Asks for the capabilities once, because a shop without PATCH is written to by other requests.
        """
        capabilities = await self.capabilities()
        return RehearsedShop(self._transport, self._settings, self._reader, capabilities)

    async def capabilities(self) -> Capabilities:
        """Ask what the key may do, and which PrestaShop it is."""
        answer = await self._transport.request("GET", "")
        capabilities = read_capabilities(answer.version or "", answer.body)
        self._writes.learn(capabilities)
        return capabilities

    async def schema(self, resource: str) -> ResourceSchema:
        """Ask for the rules of a resource's fields. ShopRefusal from 1.7.8.11 with PHP notices on."""
        return await self._catalogue.schema(resource)

    async def image_limit_bytes(self) -> int:
        """Tell the largest picture that the shop takes; a fresh shop's default if the key may not ask."""
        return await self._catalogue.image_limit_bytes()

    async def languages(self) -> Languages:
        """Read the languages, also those switched off: a text left out is blanked in them too."""
        return await self._catalogue.languages()

    async def categories(self) -> Categories:
        """Read all categories."""
        return await self._catalogue.categories()

    async def tax_rule_groups(self) -> TaxRuleGroups:
        """Read the tax rule groups that are not deleted."""
        return await self._catalogue.tax_rule_groups()

    async def stock_rows(self, product_ids: Sequence[int]) -> StockRows:
        """Read the stock of products and of their combinations, in order of id."""
        return await self._catalogue.stock_rows(product_ids)

    async def of_products(
        self, resource: str, product_ids: Sequence[int], *, display: Sequence[str] = ()
    ) -> Nodes:
        """Read what belongs to products: combinations, specific_prices, stock_availables, product_suppliers.

        Shows the id, ``id_product`` and ``display``; 50 products cost one request.
        """
        return await self._catalogue.of_products(resource, product_ids, display)

    async def set_quantities(self, quantities: Mapping[tuple[int, int], int]) -> QuantityOutcomes:
        """Set the stock of products, or of combinations: ``{(product id, combination id or 0): pieces}``.

        One request to find the rows of 50 products, one to set 100 of them (two where there is no PATCH). The
        shop makes a row with each product and combination; where there is none, the entity is not there:
        refused. Raises a ShopError when the rows cannot be read.
        """
        rows = await self.stock_rows(sorted({product_id for product_id, _ in quantities}))
        found = {(row.product_id, row.combination_id): row.id for row in rows}
        known = [key for key in quantities if key in found]
        nodes: Nodes = [{"id": found[key], "quantity": quantities[key]} for key in known]
        outcomes = dict(zip(known, await self.modify("stock_availables", nodes), strict=True))
        return {
            key: outcomes.get(key, Refused(None, "the shop has no stock row of it")) for key in quantities
        }

    async def list(
        self,
        resource: str,
        *,
        display: Display = "full",
        filters: Mapping[str, Filter] | None = None,
        sort: Sequence[str] = (),
        limit: int | tuple[int, int] | None = None,
    ) -> Nodes:
        """Read entities, all fields or those in ``display``.

        ``filters`` are values that a field equals, or several of which it equals one; case is ignored.
        ``sort`` names fields as ``id_ASC``; ``limit`` is a number of entities, or an offset and a number.
        ValueError for a value that the filter language cannot express.
        """
        question = query(display=display, filters=filters, sort=sort, limit=limit)
        return await self._reader.list(resource, question)


class RehearsedShop(Shop):
    """A shop that is read and not written to; made by ``Shop.rehearsal``, whose pace and connections it uses.

    Every write that the key has a right to succeeds, in the requests in which it would be sent. What it would
    bring about is read afterwards, by its id or in lists; new entities have ids from FIRST_REHEARSED_ID on,
    and come behind those of the shop. A filter on a field that was changed here still tells its old value,
    and pictures are not rehearsed. PHP notices are not foreseen: with them on, PrestaShop 1.7.8.11 has nearly
    every write read back, one GET more each.
    """

    def __init__(
        self, transport: Carrier, settings: ClientSettings, reader: Reader, capabilities: Capabilities
    ) -> None:
        """``reader`` is the real shop's, of which the rehearsal knows what it knows."""
        self._rehearsed = RehearsedTransport(transport, capabilities)
        self._speak_through(self._rehearsed, settings)
        self._reader.showable.update(reader.showable)
        self._writes.learn(capabilities)

    @property
    def planned(self) -> tuple[PlannedRequests, ...]:
        """The requests so far, reads and writes, by method and resource in order of first use."""
        return self._rehearsed.planned
