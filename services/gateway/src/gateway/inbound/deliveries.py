"""Taking a delivery in: its signature, that it is the first of its kind, its products, the record of it."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import asyncpg
from aiohttp import web

from common.database import Database
from common.messages import Reason
from gateway.accepting import KeyTaken
from gateway.access.guard import Guard
from gateway.body import check_json, chunks_of, parsed
from gateway.dialects import gesmart
from gateway.drafts import RefusedItem, SentProducts
from gateway.errors import Refusal, violated
from gateway.inbound import store
from gateway.inbound.signatures import EVENT, GESMART, STANDARD, Claim, NotVouched, read_claim, voucher
from gateway.inbound.sources import InboundSource
from gateway.inbound.store import Attempt, Delivery, KnownDelivery
from gateway.shops.store import tenant_of_registered
from gateway.submissions import Accepted, Kind, Origin
from gateway.surface import Surface, current_trace_id
from gateway.vocabulary import as_sent

PART_BYTES = 64 * 1024
CHALLENGE = {"WWW-Authenticate": 'Signature realm="skuwire"'}


@dataclass(frozen=True)
class Answered:
    """What a delivery is answered; `again`: it was taken in before."""

    body: Any
    again: bool


class Deliveries:
    """What the sources send."""

    def __init__(
        self, surface: Surface, sources: Sequence[InboundSource], database: Database, guard: Guard
    ) -> None:
        self._surface = surface
        self._guard = guard
        self._sources = sources
        self._database = database  # for attempts that no secret vouches for: they are nobody's

    async def take(self, request: web.Request) -> Answered:
        """Take a delivery in, durably. Raises `Refusal`; every attempt is recorded, whatever comes of it."""
        attempt = Attempt(
            self._surface.address_of(request),
            delivery_id=request.headers.get(GESMART["id"], request.headers.get(STANDARD["id"])),
            event=request.headers.get(EVENT),
        )
        try:
            return await self._take(request, attempt)
        except Refusal as refusal:
            rows = self._surface.rows_of(attempt.tenant) if attempt.tenant else self._database
            async with rows.transaction() as connection:
                await store.record_attempt(
                    connection, attempt, outcome="refused", status=refusal.status, reason=refusal.code
                )
            raise

    async def _take(self, request: web.Request, attempt: Attempt) -> Answered:
        limit = self._surface.settings.inbound_webhook_max_bytes
        try:
            claim = read_claim(request.headers, time.time())
        except NotVouched as reason:
            raise _not_vouched(reason) from None
        if not self._sources:
            raise _signed_by_nobody()
        check_json(request, limit)
        async with self._surface.bodies.share(is_vouched=False) as share:
            raw = bytearray()
            async for part in chunks_of(request, limit):
                raw += part
                if request.content_length is None:
                    self._surface.quotas.count_bytes_of_address(request, len(part))
                await share.grow_to(len(raw))
            attempt.bytes = len(raw)
            source = await asyncio.to_thread(voucher, claim, raw, self._sources)
            if source is None:
                await self._guard.signature_was_wrong(attempt.address)
                raise _signed_by_nobody()
            await share.vouch()
            return await self._take_body(request, source, claim, raw, attempt)

    async def _take_body(
        self, request: web.Request, source: InboundSource, claim: Claim, raw: bytearray, attempt: Attempt
    ) -> Answered:
        attempt.source = source.name
        self._surface.quotas.use_signed(request, source.name, len(raw))
        shop = self._surface.shops.by_id.get(source.shop)
        if shop is None:
            attempt.tenant = await tenant_of_registered(self._database.pool, source.shop)
            raise Refusal(410, "shop_removed", "The shop that this secret speaks for was removed.")
        tenant = attempt.tenant = shop.tenant
        delivery = Delivery(
            tenant,
            source.name,
            claim.delivery_id,
            body_digest=hashlib.sha256(raw).digest(),
            signed_digest=_signed_digest(claim, raw),
        )
        if known := await self._known(delivery):
            return await self._again(known, delivery, attempt)
        sent = await self._products(tenant, raw, attempt)
        self._surface.quotas.count_signed_items(request, source.name, len(sent.entries))
        try:
            return await self._queue(source, delivery, sent, attempt)
        except KeyTaken:  # the same delivery, a moment earlier
            known = await self._known(delivery)
            if known is None:
                raise
            return await self._again(known, delivery, attempt)

    async def _known(self, delivery: Delivery) -> KnownDelivery | None:
        async with self._surface.rows_of(delivery.tenant).transaction() as connection:
            return await store.find(connection, delivery)

    async def _products(self, tenant: str, raw: bytearray, attempt: Attempt) -> SentProducts:
        """The products of a body that was vouched for, their pictures stored."""
        media = self._surface.media
        async with self._surface.bodies.share() as share:  # beside that of `raw`, which is there as well
            remaining, pictures = await media.cut_out(tenant, _parts(raw), share)
            sent = gesmart.read_delivery(await parsed(remaining), attempt.event)
            sent = replace(sent, entries=await media.refer_to_images(tenant, sent.entries, pictures))
        refused = [entry for entry in sent.entries if isinstance(entry, RefusedItem)]
        if len(refused) == len(sent.entries):
            raise violated(_by_product(refused))
        return sent

    async def _queue(
        self, source: InboundSource, delivery: Delivery, sent: SentProducts, attempt: Attempt
    ) -> Answered:
        origin = Origin(delivery.tenant, source.shop, Kind.WEBHOOK, current_trace_id())
        answers: list[Any] = []

        async def keep(connection: asyncpg.Connection, accepted: Accepted) -> None:
            answers.append(gesmart.queued(delivery.delivery_id, accepted, len(sent.entries)))
            await store.save_answer(connection, delivery, answers[0])
            await store.record_attempt(
                connection, attempt, outcome="queued", status=200, submission_id=accepted.submission_id
            )

        claim = partial(store.claim, delivery=delivery)
        await self._surface.admission.accept(origin, sent, claim=claim, keep=keep)
        return Answered(answers[0], again=False)

    async def _again(self, known: KnownDelivery, delivery: Delivery, attempt: Attempt) -> Answered:
        """A delivery that comes again changes nothing; another one under its id must not pass for it."""
        if known.body_digest != delivery.body_digest:
            message = "A delivery with this id and another body was taken in; give each its own id."
            raise Refusal(409, "delivery_id_reused", message)
        async with self._surface.rows_of(delivery.tenant).transaction() as connection:
            await store.add_signature(connection, delivery, known.delivery_id)
            await store.record_attempt(
                connection, attempt, outcome="replayed", status=200, submission_id=known.submission_id
            )
        return Answered(known.answer, again=True)


def _not_vouched(reason: NotVouched) -> Refusal:
    details = [Reason(code=reason.code, field=reason.header, message=reason.message)]
    return Refusal(401, reason.code, "The delivery is not signed as it must be.", details, headers=CHALLENGE)


def _signed_by_nobody() -> Refusal:
    message = "No secret that is known here signed this body at this time."
    return _not_vouched(NotVouched("signature_wrong", "signature", message))


def _signed_digest(claim: Claim, raw: bytearray) -> bytes:
    digest = hashlib.sha256(claim.head)
    digest.update(raw)
    return digest.digest()


def _by_product(refused: Sequence[RefusedItem]) -> list[Reason]:
    if len(refused) == 1:
        return as_sent(refused[0].reasons)
    return [
        reason.model_copy(update={"field": f"[{item.position}].{reason.field}"})
        for item in refused
        for reason in as_sent(item.reasons)
    ]


async def _parts(raw: bytearray) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), PART_BYTES):
        yield bytes(raw[start : start + PART_BYTES])
