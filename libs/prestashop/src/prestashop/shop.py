"""A PrestaShop shop and what can be asked of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeAlias

import aiohttp

from prestashop import writing
from prestashop.answers import image_ids_in, uploaded_image_id
from prestashop.capabilities import (
    Capabilities,
    Category,
    Language,
    category_of,
    image_limit_bytes,
    language_of,
    read_capabilities,
)
from prestashop.errors import (
    ShopAuthFailed,
    ShopCrashed,
    ShopError,
    ShopMethodNotAllowed,
    ShopRefusal,
)
from prestashop.filters import Display, Filter, query
from prestashop.identities import IDENTITIES, identity_of, problem_with
from prestashop.nodes import Node, NodesToWrite, Value, id_of, text_of
from prestashop.outcomes import Outcome, Refused, Unknown
from prestashop.pacing import Pace
from prestashop.reading import Reader
from prestashop.requests import MergedPuts, WritingRequests, bodies
from prestashop.settings import ClientSettings
from prestashop.transport import BeforeRequest, OnRequest, Transport, Upload
from prestashop.xml import from_xml

# Shop.list hides the builtin from the annotations of its own class.
Nodes: TypeAlias = list[Node]
Outcomes: TypeAlias = list[Outcome]
Ids: TypeAlias = list[int]
Languages: TypeAlias = list[Language]
Categories: TypeAlias = list[Category]

_HEAD_OF_AN_UPLOAD_BYTES = 64 * 1024
_UNKNOWN_IMAGE = 57
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
        self._settings = settings
        self._transport = Transport(
            url, key, settings, session=session, on_request=on_request, before_request=before_request
        )
        self._reader = Reader(self._transport, settings)
        self._requests = WritingRequests(self._transport, self._reader)
        self._merged_puts = MergedPuts(self._requests, self._reader, settings)
        self._has_patch: dict[str, bool] = {}

    def __repr__(self) -> str:
        return f"Shop({self._transport.address!r})"

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
        that has languages. Shows the id, the field and ``display``. 40 values cost one request; a value with
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
        fields = _identity(resource, identity)
        if any("id" in node for node in nodes):
            raise ValueError("an entity to be created has no id")
        refused = _refused_unsent(nodes, fields)
        sendable = [node for at, node in enumerate(nodes) if at not in refused]
        sent = iter(
            await self._in_requests(
                resource, sendable, lambda batch: writing.create(self._requests, resource, batch, fields)
            )
        )
        return [refused[at] if at in refused else next(sent) for at in range(len(nodes))]

    async def modify(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """Change entities by their ids: what is sent changes, all else stays, on every PrestaShop.

        A PATCH where the shop has it. Where it has not (1.7: 405) or the key may not use it, the entities are
        read, merged and PUT: two requests, and what somebody else changes of them in between is undone. Send
        all languages of a text: a PATCH blanks those left out. Associations sent are replaced, others stay.
        """
        if self._has_patch.get(resource, True):
            outcomes = await self.patch(resource, nodes)
            if not any(_is_not_allowed(outcome) for outcome in outcomes):
                return outcomes
            self._has_patch[resource] = False
        return await self._change(self._merged_puts, "PUT", resource, nodes)

    async def patch(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PATCH entities by their ids: what is sent changes, all else stays (PrestaShop 8 and later).

        Send all languages of a text: those left out are blanked. A request that fails is halved until the
        culprit stands alone; a write is thus repeated, which PATCH bears.
        """
        return await self._change(self._requests, "PATCH", resource, nodes)

    async def put(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PUT entities by their ids: every field that is not sent is blanked. Fails like ``patch``."""
        return await self._change(self._requests, "PUT", resource, nodes)

    async def delete(self, resource: str, ids: Sequence[int]) -> Outcomes:
        """DELETE entities; one that the shop does not have counts as deleted."""
        if any(entity_id < 1 for entity_id in ids) or len(set(ids)) != len(ids):
            raise ValueError("the ids to delete are positive, each given once")
        nodes = [{"id": entity_id} for entity_id in ids]
        return await self._in_requests(
            resource,
            nodes,
            lambda batch: writing.delete(self._requests, resource, [id_of(node) for node in batch]),
        )

    async def upload_image(self, product_id: int, data: bytes, filename: str, content_type: str) -> int:
        """Add a picture to a product and return its id. Not idempotent: list the pictures before a retry.

        Upload only what decodes: the shop answers 400 to a damaged jpg and keeps an empty picture all the
        same, even as the cover (measured on PrestaShop 8.2.1). Raises ShopRefusal with code 72 when it is too
        large, 76 when the format or the product is unknown.
        """
        answer = await self._transport.request(
            "POST",
            f"images/products/{_positive(product_id)}",
            body=Upload("image", data, filename, content_type),
            entities=1,
            keep_bytes=_HEAD_OF_AN_UPLOAD_BYTES,
        )
        return uploaded_image_id(answer.body)

    async def image_ids(self, product_id: int) -> Ids:
        """List the pictures of a product; [] when it has none or the shop does not have it (404 to both)."""
        try:
            answer = await self._transport.request("GET", f"images/products/{_positive(product_id)}")
        except ShopRefusal as refusal:
            if refusal.status == 404:
                return []
            raise
        return image_ids_in(answer.body)

    async def image(self, product_id: int, image_id: int) -> bytes:
        """Read a picture as the shop keeps it, which is encoded anew and not what was uploaded.

        Raises ShopRefusal with code 57 when there is no such picture, 61 when it has no file.
        """
        path = f"images/products/{_positive(product_id)}/{_positive(image_id)}"
        return (await self._transport.request("GET", path)).body

    async def delete_image(self, product_id: int, image_id: int) -> None:
        """Delete a picture; one that is gone already is no error.

        ValueError without an image id: the shop would answer 200 and delete nothing.
        """
        try:
            await self._transport.request(
                "DELETE", f"images/products/{_positive(product_id)}/{_positive(image_id)}", entities=1
            )
        except ShopRefusal as refusal:
            if refusal.code != _UNKNOWN_IMAGE:
                raise

    async def set_cover(self, product_id: int, image_id: int) -> Outcome:
        """Make a picture the cover of its product."""
        node: Node = {"id": _positive(product_id), "id_default_image": _positive(image_id)}
        return (await self.modify("products", [node]))[0]

    async def capabilities(self) -> Capabilities:
        """Ask what the key may do, and which PrestaShop it is."""
        answer = await self._transport.request("GET", "")
        capabilities = read_capabilities(answer.version or "", answer.body)
        self._has_patch = {name: capabilities.allows("PATCH", name) for name in capabilities.methods}
        return capabilities

    async def languages(self) -> Languages:
        """Read the languages, also those switched off: a text left out is blanked in them too."""
        return [language_of(node) for node in await self.list_all("languages")]

    async def categories(self) -> Categories:
        """Read all categories."""
        nodes = await self.list_all("categories", display=("id", "id_parent", "active", "name"))
        return [category_of(node) for node in nodes]

    async def image_limit_bytes(self) -> int:
        """Tell the largest picture that the shop takes; a fresh shop's default if the key may not ask."""
        name = "PS_LIMIT_UPLOAD_IMAGE_VALUE"
        question = query(display=("name", "value"), filters={"name": name})
        try:
            answer = await self._transport.request("GET", "configurations", query=question)
        except (ShopAuthFailed, ShopMethodNotAllowed, ShopRefusal):
            return image_limit_bytes("", "")
        values = [text_of(node, "value") for node in from_xml("configurations", answer.body)]
        return image_limit_bytes(answer.version or "", values[0] if values else "")

    async def _change(
        self, requests: writing.Changes, method: str, resource: str, nodes: NodesToWrite
    ) -> Outcomes:
        if len({id_of(node) for node in nodes}) != len(nodes):
            raise ValueError("every entity is changed once in a call")
        return await self._in_requests(
            resource, nodes, lambda batch: writing.modify(requests, method, resource, batch)
        )

    async def _in_requests(
        self,
        resource: str,
        nodes: Sequence[Mapping[str, Value]],
        carry_out: Callable[[NodesToWrite], Awaitable[Outcomes]],
    ) -> Outcomes:
        """Carry out in bodies of bounded size; once the shop fails as a whole, the rest is not sent."""
        outcomes: Outcomes = []
        # All bodies first: what cannot be written as XML is told before anything is sent.
        for batch in [*bodies(resource, nodes, self._settings)]:
            failure = _failure_of_the_shop(outcomes)
            if failure is None:
                outcomes += await carry_out(batch)
            else:
                outcomes += [Unknown(failure, sent=False)] * len(batch)
        return outcomes

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


def _is_not_allowed(outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) and isinstance(outcome.error, ShopMethodNotAllowed)


def _failure_of_the_shop(outcomes: Sequence[Outcome]) -> ShopError | None:
    """Return the error for which nothing more should be sent; the crash over one entity is none."""
    for outcome in reversed(outcomes):
        if isinstance(outcome, Unknown) and not isinstance(outcome.error, ShopCrashed):
            return outcome.error
    return None


def _refused_unsent(nodes: NodesToWrite, identity: Sequence[str]) -> dict[int, Refused]:
    """Refuse those that could not be found again: without an identity, or with that of another."""
    refused: dict[int, Refused] = {}
    seen: set[tuple[object, ...]] = set()
    for at, node in enumerate(nodes):
        problem = problem_with(node, identity)
        key = identity_of(node, identity)
        if problem is None and key in seen:
            problem = f"another entity of this call has the same {', '.join(identity)}"
        if problem is not None:
            refused[at] = Refused(None, problem)
        seen.add(key)
    return refused


def _identity(resource: str, identity: str | Sequence[str] | None) -> tuple[str, ...]:
    if identity is None and resource not in IDENTITIES:
        raise ValueError(f"name the identity of {resource}: the fields that tell its entities apart")
    return (identity,) if isinstance(identity, str) else tuple(identity or IDENTITIES[resource])


def _positive(entity_id: int) -> int:
    if entity_id < 1:
        raise ValueError(f"an id is positive, not {entity_id}")
    return entity_id
