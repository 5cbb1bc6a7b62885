"""The bulk dialect: seed 004, Products Bulk.

Items in seed 004's form (`category_id`, language blocks, `productWarehouses`, `discounts`), with every field
of seed 000 besides. With an id, ours or the shop's, an item updates that product; without, it is written
whether the product exists or not. The identity of an item without `reference` is the slug of its first
language.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.messages import Intent, Reason, Result
from gateway.answers.bulk import (
    AcceptedBulk,
    BulkAnswer,
    BulkChunk,
    BulkProgress,
    CancelledBulk,
    ChunkResult,
    ItemOfBulk,
    RefusedBulkItem,
    RefusedOfChunk,
    RetriedBulk,
)
from gateway.dialects.plans import plan_of, shop_requests, told, told_as_sent
from gateway.drafts import Draft, RefusedItem, SentProducts
from gateway.dry_run import is_dry_run_of_list
from gateway.errors import Refusal, unreadable, violated
from gateway.fields import ALIASES, FIELDS, IDS, READ_OTHERWISE, product_id_of, without_picture_bytes
from gateway.reading import LANGUAGE, Reading
from gateway.retrying import Retry
from gateway.strict_json import Json
from gateway.submissions import Accepted, ChunkState, ItemState, SubmissionState
from gateway.vocabulary import as_sent, operation_of

MAX_REFERENCE = 64
TEXTS_BY_LANGUAGE = frozenset({"name", "slug", "summary", "description", "meta_title", "meta_description"})
PAGE_SIZE = 100


# ── requests ──


def read_items(body: Json, *, max_items: int) -> SentProducts:
    """The changes of `{items: […]}`; an item that cannot be read is refused for itself."""
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(items, list):
        raise unreadable("The body must be a JSON object with a list of items.")
    dry_run = is_dry_run_of_list(body, "items")
    if not items:
        raise violated([Reason(code="bulk_empty", field="items", message="At least one item.")])
    if len(items) > max_items:
        raise Refusal(413, "bulk_too_large", f"At most {max_items} items are taken at a time.")
    return SentProducts([read_item(item, position) for position, item in enumerate(items)], dry_run)


def read_item(item: Json, position: int) -> Draft | RefusedItem:
    """The change that one item asks for, or the item with every reason why it cannot be read."""
    if not isinstance(item, dict):
        reason = Reason(code="type_wrong", field="", message="An item must be an object.")
        return RefusedItem(position, Intent.UPSERT, (reason,))
    reading = Reading(numeric_strings=True)
    ids = {key: item[key] for key in IDS if key in item}
    if isinstance(ids.get("id"), dict):
        del ids["id"]  # texts in Indonesian
    product_id = product_id_of(ids, reading)
    presta_id = reading.identifier(ids.get("presta_id"), "presta_id")
    has_id = any(value is not None for value in ids.values())
    intent = _intent(item, reading, has_id=has_id)
    fields, reference = _fields(item, reading)
    if reference is None and not has_id:
        reference = _reference_from_slug(item, fields, reading)
    shown = without_picture_bytes(item)
    images = fields.pop("images", None)
    if reading.violations:
        reasons = tuple(reading.violations)
        return RefusedItem(position, intent, reasons, reference, product_id, shown, images or ())
    return Draft(position, intent, reference, product_id, fields, images, shown, presta_id)


def _intent(item: Mapping[str, Json], reading: Reading, *, has_id: bool) -> Intent:
    operation = item.get("operation")
    if operation is None:
        return Intent.UPDATE if has_id else Intent.UPSERT
    if operation in list(Intent):
        return Intent(operation)
    reading.wrong("operation", "Must be create, update, upsert or delete.", "operation_unknown")
    return Intent.UPSERT


def _fields(item: Mapping[str, Json], reading: Reading) -> tuple[dict[str, Any], str | None]:
    """What the item says, by our field names, and the reference that it gives."""
    found: dict[str, Any] = {}
    category: int | None = None
    for key, value in item.items():
        name = ALIASES.get(key, key)
        if isinstance(value, dict) and LANGUAGE.match(key):
            _read_language(found, key, value, reading)
        elif name == "reference":
            _put(found, "reference", reading.text(value, key) or None, key, reading)
        elif name == "category_id":
            category = reading.integer(value, key)
        elif name in FIELDS:
            field, read = FIELDS[name]
            read = READ_OTHERWISE.get(key, read)
            _put(found, field, read(reading, value, key), key, reading)
        elif name not in {"operation", *IDS}:
            reading.unknown(key)
    if category is not None:
        if found.get("default_category", category) != category:
            reading.wrong("default_category", "Is another than category_id.", "fields_contradict")
        _set_main_category(found, category)
    return found, found.pop("reference", None)


def _put(found: dict[str, Any], field: str, value: Any, key: str, reading: Reading) -> None:
    earlier = found.get(field)
    if isinstance(earlier, dict) and isinstance(value, dict) and field in TEXTS_BY_LANGUAGE:
        found[field] = value | earlier  # the language block is more special than the plain text
    elif field in found and earlier != value:
        reading.wrong(key, f"Says another {field} than its other name does.", "fields_contradict")
    else:
        found[field] = value


def _read_language(found: dict[str, Any], language: str, block: Mapping[str, Json], reading: Reading) -> None:
    for key, value in block.items():
        path = f"{language}.{key}"
        if key not in TEXTS_BY_LANGUAGE:
            reading.unknown(path)
        else:
            text = reading.text(value, path)
            found[key] = (found.get(key) or {}) | {language: text or ""}


def _set_main_category(found: dict[str, Any], category: int) -> None:
    """The item's own category is the main one, and the only one unless `categories` lists others."""
    found["default_category"] = category
    found["categories"] = tuple(dict.fromkeys((category, *(found.get("categories") or ()))))


def _reference_from_slug(item: Mapping[str, Json], fields: Mapping[str, Any], reading: Reading) -> str | None:
    """The slug, else the slugified name, of the item's first language, cut to a reference's length."""
    slugs, names = fields.get("slug") or {}, fields.get("name") or {}
    first = next((key for key in item if key in slugs or key in names), None)
    if first is None:
        first = next(iter({**slugs, **names}), "")
    slug = slugs.get(first) or slugify(names.get(first, ""))
    if not slug:
        reading.wrong("reference", "Needs an id, a reference, a slug or a name.", "reference_missing")
        return None
    return shortened(slug)


def slugify(name: str) -> str:
    """The name in lower-case ASCII letters, digits and hyphens; empty where nothing of it remains."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")


def shortened(slug: str) -> str:
    """The slug itself, or 51 characters and 12 digits of its sha-256 where it exceeds a reference."""
    if len(slug) <= MAX_REFERENCE:
        return slug
    return f"{slug[:51]}-{hashlib.sha256(slug.encode()).hexdigest()[:12]}"


# ── answers ──


def accepted(
    submission_id: str, chunks: int, refused: Sequence[RefusedItem], *, dry_run: bool = False
) -> BulkAnswer[AcceptedBulk]:
    """Exactly seed 004's response: the refused items with their messages, the others go on."""
    data: AcceptedBulk = {
        "bulkId": submission_id,
        "chunks": chunks,
        "errors": len(refused),
        "msjs": [error_message(item) for item in refused],
    }
    return {"data": data, "dryRun": True} if dry_run else {"data": data}


def retried(retry: Retry, submission: Accepted) -> BulkAnswer[RetriedBulk]:
    """The same for items that were handed in again: which they are, and which could not be."""
    answer = accepted(
        submission.submission_id, submission.chunks, submission.refused, dry_run=submission.dry_run
    )
    data: RetriedBulk = {
        **answer["data"],
        "retryOf": submission.origin.retry_of,
        "retried": len(retry.positions),
        "notStored": list(retry.missing),
    }
    return {"data": data, "dryRun": True} if submission.dry_run else {"data": data}


def error_message(refused: RefusedItem) -> RefusedBulkItem:
    """One entry of `msjs`; its own `msjs` is a JSON text, as the seed has it."""
    return {
        "type": "error",
        "operation": operation_of(refused.intent),
        "msjs": _json(messages_by_field(refused.reasons)),
        "item": presentable(refused.item),
        "reasons": told(refused.reasons),
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def messages_by_field(reasons: Sequence[Reason]) -> dict[str, list[str]]:
    """`{field: [message, …]}`"""
    found: dict[str, list[str]] = {}
    for reason in reasons:
        found.setdefault(reason.field, []).append(reason.message)
    return found


def presentable(value: Json) -> Json:
    """The value with its decimals as JSON numbers, so that it can be written as JSON again."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: presentable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [presentable(inner) for inner in value]
    return value


def progress(
    submission: SubmissionState, items: Sequence[ItemState], page: int, *, page_size: int = PAGE_SIZE
) -> BulkAnswer[BulkProgress]:
    """Where a bulk stands: totals, every chunk, and a page of the items."""
    chunks = submission.chunks
    data: BulkProgress = {
        "bulkId": submission.submission_id,
        "status": submission.status,
        "shop": submission.shop,
        "traceId": submission.trace_id,
        "totalItems": submission.total_items,
        "open": submission.open_items,
        "created": sum(chunk.created for chunk in chunks),
        "updated": sum(chunk.updated for chunk in chunks),
        "unchanged": sum(chunk.unchanged for chunk in chunks),
        "deleted": sum(chunk.deleted for chunk in chunks),
        "refused": submission.refused,
        "refusedAtTheDoor": submission.refused_at_the_door,
        "imagesProcessed": sum(chunk.images_processed for chunk in chunks),
        "submittedAt": submission.submitted_at.isoformat(),
        "startedAt": _time(submission.started_at),
        "finishedAt": _time(submission.finished_at),
        "chunks": [_chunk(submission, chunk) for chunk in chunks],
        "items": [_item(submission, item) for item in items],
        "page": page,
        "perPage": page_size,
        "pages": -(-submission.total_items // page_size),
    }
    if submission.retry_of:
        data["retryOf"] = submission.retry_of
    if submission.dry_run:
        data["dryRun"] = True
        data["shopRequests"] = shop_requests(chunks)
    return {"data": data}


def _chunk(submission: SubmissionState, chunk: ChunkState) -> BulkChunk:
    told_chunk: BulkChunk = {
        "chunkId": f"{submission.submission_id}_{chunk.partition}",
        "partition": chunk.partition,
        "status": chunk.status,
        "totalItems": chunk.total_items,
        "completed": chunk.settled - chunk.refused,
        "errors": chunk.refused,
        "validatedAt": _time(chunk.validated_at),
        "writtenAt": _time(chunk.written_at),
        "completedAt": _time(chunk.completed_at),
    }
    if submission.dry_run:
        told_chunk["shopRequests"] = shop_requests([chunk])
    return told_chunk


def cancelled(submission: SubmissionState) -> BulkAnswer[CancelledBulk]:
    """What of a bulk was cancelled, and how much of it goes on."""
    data: CancelledBulk = {
        "bulkId": submission.submission_id,
        "status": submission.status,
        "cancelled": submission.cancelled_items,
        "open": submission.open_items,
    }
    return {"data": data}


def chunk_result(submission: SubmissionState, chunk: ChunkState, items: Sequence[ItemState]) -> ChunkResult:
    """One chunk in the form of seed 004's webhook, with each item that is finished."""
    completed = [item for item in items if item.result not in (None, Result.REFUSED)]
    refused = [item for item in items if item.result is Result.REFUSED]
    return {
        **_chunk(submission, chunk),
        "completed": len(completed),
        "itemsCompleted": [_item(submission, item) for item in completed],
        "errors": len(refused),
        "msjs": [_refused(item) for item in refused],
    }


def _refused(item: ItemState) -> RefusedOfChunk:
    reasons = as_sent(item.reasons)
    return {
        "type": "error",
        "operation": operation_of(item.intent),
        "msjs": _json(messages_by_field(reasons)),
        "item": {
            "id": item.product_id,
            "reference": item.reference,
            "presta_id": item.presta_id,
            "position": item.position,
        },
        "reasons": told(reasons),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _item(submission: SubmissionState, item: ItemState) -> ItemOfBulk:
    told_item: ItemOfBulk = {
        "index": item.position,
        "operation": operation_of(item.intent),
        "id": item.product_id,
        "reference": item.reference,
        "presta_id": item.presta_id,
        "result": item.result,
        "imagesProcessed": item.images_processed,
        "technicalDataProcessed": item.technical_data_processed,
        "errors": told_as_sent(item.reasons),
        "warnings": told_as_sent(item.warnings),
    }
    if item.verified is not None:
        told_item["verified"] = item.verified
    if plan := plan_of(submission, item):
        told_item["plan"] = plan
    return told_item
