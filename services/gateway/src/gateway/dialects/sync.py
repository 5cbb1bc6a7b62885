"""The sync dialect: seed 000, GeSmart Products Sync API, and the deletion of a product.

One product per request (or a batch of up to 200), numbers as JSON numbers, every violation told by field.
Required are `operation` and `reference`, and for a create `name`, `price` and `quantity` as well; an update
may leave out what is to stay as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from common.messages import PLAIN, Intent, Reason, Result
from gateway.drafts import Draft, RefusedItem, SentImage
from gateway.errors import Refusal, unreadable, violated
from gateway.reading import ALIASES, FIELDS, Reading, without_picture_bytes
from gateway.strict_json import Json
from gateway.submissions import ChunkState, ItemState, Status, SubmissionState
from gateway.vocabulary import as_sent, operation_of

MAX_BATCH = 200
MAX_REFERENCE = 64
MAX_NAME = 255
MAX_DESCRIPTION = 10_000
MAX_IMAGES = 10
MAX_TECHNICAL_DATA = 100
EXTENSIONS = ("jpg", "jpeg", "png", "gif", "webp")
OPERATIONS = {"create": Intent.CREATE, "update": Intent.UPDATE}
REQUIRED_TO_CREATE = ("name", "price", "quantity")

WAYS_TO_DELETE = ("delete", "deactivate")

_STATUS_OF_REASON = {"product_exists": 409, "product_not_found": 404, "image_too_large": 413}


# ── requests ──


def read_product(body: Json, position: int = 0) -> Draft | RefusedItem:
    """The change that a product object asks for, or the product with every violation.

    Raises `Refusal` (400) where it is no product.
    """
    if not isinstance(body, dict):
        raise unreadable("The body must be a JSON object: one product.")
    intent = _intent(body)
    reading = Reading(numeric_strings=False)
    reference = reading.text(body.get("reference"), "reference")
    fields = _fields(body, reading)
    images: tuple[SentImage, ...] | None = fields.pop("images", None)
    # a value that could not be read is None here too, so it is judged no further
    reading.violations += [
        *_missing(body, intent),
        *_text_violations(fields),
        *_number_violations(fields),
        *_list_violations(fields, images),
    ]
    item = without_picture_bytes(body)
    if reading.violations:
        reasons = tuple(reading.violations)
        return RefusedItem(position, intent, reasons, reference, item=item, images=images or ())
    return Draft(position, intent, reference, fields=fields, images=images, item=item)


def read_batch(body: Json) -> list[Draft | RefusedItem]:
    """The changes of `{products: [1..200]}`; a product that breaks a rule is refused for itself."""
    products = body.get("products") if isinstance(body, dict) else None
    if not isinstance(products, list):
        raise unreadable("The body must be a JSON object with a list of products.")
    if not products:
        raise violated([Reason(code="batch_empty", field="products", message="At least one product.")])
    if len(products) > MAX_BATCH:
        raise Refusal(413, "batch_too_large", f"At most {MAX_BATCH} products are taken at a time.")
    return [_read_of_batch(product, position) for position, product in enumerate(products)]


def _read_of_batch(product: Json, position: int) -> Draft | RefusedItem:
    try:
        return read_product(product, position)
    except Refusal as refusal:
        reasons = tuple(refusal.details) or (Reason(code="unreadable", field="", message=refusal.message),)
        item = without_picture_bytes(product) if isinstance(product, dict) else {}
        return RefusedItem(position, Intent.UPSERT, reasons, item=item)


def read_deletion(reference: str, mode: str) -> Draft:
    """The change that `DELETE …/{reference}?mode=` asks for. Raises `Refusal` (400, 422)."""
    if mode not in WAYS_TO_DELETE:
        message = f"mode must be one of {', '.join(WAYS_TO_DELETE)}."
        raise violated([Reason(code="operation_unknown", field="mode", message=message)])
    if len(reference) > MAX_REFERENCE:
        raise violated([_too_long("reference", MAX_REFERENCE)])
    if mode == "delete":
        return Draft(0, Intent.DELETE, reference)
    return Draft(0, Intent.UPDATE, reference, fields={"active": False})


def _intent(body: Mapping[str, Json]) -> Intent:
    """The intent; one that is missing or unknown counts as create, and is told with the other violations."""
    return Intent.CREATE if _operation_is_unknown(body) else OPERATIONS[str(body["operation"])]


def _operation_is_unknown(body: Mapping[str, Json]) -> bool:
    operation = body.get("operation")
    return not isinstance(operation, str) or operation not in OPERATIONS


def _fields(body: Mapping[str, Json], reading: Reading) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in body.items():
        if key in FIELDS:
            name, read = FIELDS[key]
            fields[name] = read(reading, value, key)
        elif key not in {"operation", "reference"}:
            hint = ALIASES.get(key)
            reading.wrong(
                key, f"Is called {hint} here." if hint else "Is not a field of a product.", "field_unknown"
            )
    return fields


# ── seed 000's column "Validation" ──


def _missing(body: Mapping[str, Json], intent: Intent) -> Iterable[Reason]:
    required = ["operation", "reference", *(REQUIRED_TO_CREATE if intent is Intent.CREATE else ())]
    for key in required:
        if body.get(key) is None or (body[key] == "" and key != "operation"):
            yield Reason(code="field_missing", field=key, message=f"{key} is required.")
    if body.get("operation") is not None and _operation_is_unknown(body):
        yield Reason(code="operation_unknown", field="operation", message="Must be 'create' or 'update'.")
    for key in (*REQUIRED_TO_CREATE, "active"):
        if key not in required and key in body and (body[key] is None or body[key] == ""):
            yield Reason(code="field_empty", field=key, message=f"{key} cannot be cleared.")
    reference = body.get("reference")
    if isinstance(reference, str) and len(reference) > MAX_REFERENCE:
        yield _too_long("reference", MAX_REFERENCE)


def _text_violations(fields: Mapping[str, Any]) -> Iterable[Reason]:
    for path, name in _texts(fields, "name"):
        if len(name) > MAX_NAME:
            yield _too_long(path, MAX_NAME)
        elif path != "name" and not name:
            yield Reason(code="field_empty", field=path, message="name has 1 to 255 characters.")
    for path, description in _texts(fields, "description"):
        if len(description) > MAX_DESCRIPTION:
            yield _too_long(path, MAX_DESCRIPTION)
    ean13 = fields.get("ean13")
    if ean13 and not (len(ean13) == 13 and ean13.isascii() and ean13.isdigit()):
        yield Reason(code="ean13_form", field="ean13", message="ean13 must have 13 digits or be empty.")


def _number_violations(fields: Mapping[str, Any]) -> Iterable[Reason]:
    for name in ("price", "quantity", "weight", "minimal_quantity", "width", "height", "depth"):
        number: Decimal | int | None = fields.get(name)
        if number is not None and number < 0:
            message = "Price must be a positive number" if name == "price" else f"{name} must be 0 or more."
            yield Reason(code=f"{name}_negative", field=name, message=message)


def _list_violations(fields: Mapping[str, Any], images: Sequence[SentImage] | None) -> Iterable[Reason]:
    if images is not None and len(images) > MAX_IMAGES:
        yield _too_many("images", MAX_IMAGES)
    for image in images or ():
        if image.file_name and image.file_name.rpartition(".")[2].lower() not in EXTENSIONS:
            message = f"fileName must end in one of {', '.join(EXTENSIONS)}."
            yield Reason(code="image_extension", field=f"{image.path}.fileName", message=message)
    data = fields.get("technical_data")
    if data is not None and len(data) > MAX_TECHNICAL_DATA:
        yield _too_many("technical_data", MAX_TECHNICAL_DATA)


def _texts(fields: Mapping[str, Any], name: str) -> Iterable[tuple[str, str]]:
    for language, text in (fields.get(name) or {}).items():
        yield (name if language == PLAIN else f"{name}.{language}"), text


def _too_long(path: str, limit: int) -> Reason:
    name = path.split(".", maxsplit=1)[0]
    return Reason(code=f"{name}_too_long", field=path, message=f"{path} has at most {limit} characters.")


def _too_many(path: str, limit: int) -> Reason:
    return Reason(code=f"too_many_{path}", field=path, message=f"At most {limit} {path} are allowed.")


# ── answers ──


def finished(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    """200: exactly seed 000's success response. Raises `Refusal` for an item that was refused."""
    if item.result is Result.REFUSED:
        raise refusal_of(item)
    return {
        "success": True,
        "message": f"Product {'deleted' if item.result is Result.DELETED else 'synchronized'} successfully",
        "data": product_data(submission, item),
    }


def product_data(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    """Seed 000's `data`."""
    return {
        "productId": item.product_id,
        "reference": item.reference,
        "presta_id": item.presta_id,
        "syncId": submission.submission_id,
        "operation": operation_of(item.intent),
        "imagesProcessed": item.images_processed,
        "technicalDataProcessed": item.technical_data_processed,
    }


def refusal_of(item: ItemState) -> Refusal:
    """What a refused item is answered with: 409, 404, 413 or 422, in seed 000's error form."""
    status = 422
    for reason in item.reasons:
        status = _STATUS_OF_REASON.get(reason.code, status)
    code = item.reasons[0].code if item.reasons else "refused"
    return Refusal(status, code, _SENTENCES.get(code, "Validation failed"), as_sent(item.reasons))


_SENTENCES = {
    "product_exists": "A product with this reference exists already",
    "product_not_found": "Product not found",
}


def going_on(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    """202: accepted, the result is asked for by syncId."""
    return {
        "success": True,
        "message": "Product accepted, synchronization in progress",
        "data": product_data(submission, item) | {"status": submission.status.value},
    }


def batch_answer(submission: SubmissionState, items: Sequence[ItemState]) -> dict[str, Any]:
    """The results of a batch, one for each product in the order of the request."""
    failed = sum(item.result is Result.REFUSED for item in items)
    settled = sum(item.result is not None for item in items)
    return {
        "success": failed == 0,
        "message": f"{settled - failed} of {len(items)} products synchronized, {failed} refused",
        "data": {
            "syncId": submission.submission_id,
            "status": submission.status.value,
            "total": len(items),
            "succeeded": settled - failed,
            "failed": failed,
            "results": [_batch_result(submission, item) for item in items],
        },
    }


def _batch_result(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    base = {"index": item.position, "success": None, **product_data(submission, item)}
    if item.result is None:
        return base | {"status": Status.PROCESSING.value}
    if item.result is not Result.REFUSED:
        return base | {"success": True, "status": Status.COMPLETED.value, "outcome": item.result.value}
    refusal = refusal_of(item)
    return base | {
        "success": False,
        "status": Status.FAILED.value,
        "outcome": item.result.value,
        "error": refusal.message,
        "details": [{"field": r.field, "message": r.message} for r in refusal.details],
    }


def status_answer(submission: SubmissionState, items: Sequence[ItemState]) -> dict[str, Any]:
    """Where a synchronization stands: status, outcome, steps with their times, trace id."""
    data = (
        batch_answer(submission, items)["data"] if len(items) != 1 else _single_status(submission, items[0])
    )
    data |= {
        "steps": steps_of(submission),
        "shop": submission.shop,
        "traceId": submission.trace_id,
        "submittedAt": submission.submitted_at.isoformat(),
        "finishedAt": submission.finished_at.isoformat() if submission.finished_at else None,
    }
    return {"success": True, "message": f"Synchronization {submission.status.value}", "data": data}


def _single_status(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    return product_data(submission, item) | {
        "status": submission.status.value,
        "outcome": item.result.value if item.result else None,
        "details": [{"field": r.field, "message": r.message} for r in as_sent(item.reasons)],
        "warnings": [{"field": r.field, "message": r.message} for r in as_sent(item.warnings)],
    }


def steps_of(submission: SubmissionState) -> list[dict[str, Any]]:
    """The stations that the work has passed; of several chunks the last one counts."""
    steps = [{"step": "accepted", "at": submission.submitted_at.isoformat()}]
    for step in ("validated", "written", "completed"):
        times = [_time_of(chunk, step) for chunk in submission.chunks]
        reached = [time for time in times if time is not None]
        if reached and len(reached) == len(times):
            steps.append({"step": step, "at": max(reached).isoformat()})
    return steps


def _time_of(chunk: ChunkState, step: str) -> Any:  # Any: getattr by a name from our own list
    return getattr(chunk, f"{step}_at")
