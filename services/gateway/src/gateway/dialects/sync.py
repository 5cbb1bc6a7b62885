"""Requests of the sync dialect: seed 000, GeSmart Products Sync API, and the deletion of a product.

One product per request (or a batch of up to 200), numbers as JSON numbers, every violation told by field.
Required are `operation` and `reference`, and for a create `name`, `price` and `quantity` as well; an update
may leave out what is to stay as it is, and name the product by an id instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from common.messages import PLAIN, Intent, Reason, ShopLimits
from gateway.drafts import Draft, RefusedItem, SentImage, SentProducts
from gateway.dry_run import DRY_RUN, is_dry_run, is_dry_run_of_list
from gateway.errors import Refusal, unreadable, violated
from gateway.fields import ALIASES, FIELDS, IDS, product_id_of, without_picture_bytes
from gateway.reading import Reading
from gateway.strict_json import Json, control_character

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


def read_product(body: Json, position: int = 0) -> Draft | RefusedItem:
    """The change that a product object asks for, or the product with every violation.

    Raises `Refusal` (400) where it is no product.
    """
    if not isinstance(body, dict):
        raise unreadable("The body must be a JSON object: one product.")
    intent = _intent(body)
    reading = Reading(numeric_strings=False)
    reference = reading.text(body.get("reference"), "reference") or None
    product_id = product_id_of(body, reading)
    presta_id = reading.identifier(body.get("presta_id"), "presta_id")
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
        return RefusedItem(position, intent, reasons, reference, product_id, item, images or ())
    return Draft(position, intent, reference, product_id, fields, images, item, presta_id)


def read_single(body: Json) -> SentProducts:
    """The one product of a body, and whether it is a dry run. Raises `Refusal` (400, 422)."""
    if not isinstance(body, dict):
        return SentProducts([read_product(body)])
    product = {key: value for key, value in body.items() if key != DRY_RUN}
    return SentProducts([read_product(product)], is_dry_run(body))


def read_batch(body: Json) -> SentProducts:
    """The changes of `{products: [1..200]}`; a product that breaks a rule is refused for itself."""
    products = body.get("products") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(products, list):
        raise unreadable("The body must be a JSON object with a list of products.")
    dry_run = is_dry_run_of_list(body, "products")
    if not products:
        raise violated([Reason(code="batch_empty", field="products", message="At least one product.")])
    if len(products) > MAX_BATCH:
        raise Refusal(413, "batch_too_large", f"At most {MAX_BATCH} products are taken at a time.")
    entries = [read_of_batch(product, position) for position, product in enumerate(products)]
    return SentProducts(entries, dry_run)


def read_of_batch(product: Json, position: int) -> Draft | RefusedItem:
    """As `read_product`, but what is no product is refused for itself."""
    try:
        return read_product(product, position)
    except Refusal as refusal:
        reasons = tuple(refusal.details) or (Reason(code="unreadable", field="", message=refusal.message),)
        item = without_picture_bytes(product) if isinstance(product, dict) else {}
        return RefusedItem(position, Intent.UPSERT, reasons, item=item)


def read_deletion(reference: str, mode: str, dry_run: str) -> SentProducts:
    """The change that `DELETE …/{reference}?mode=&dry_run=` asks for. Raises `Refusal` (400, 422)."""
    if mode not in WAYS_TO_DELETE:
        message = f"mode must be one of {', '.join(WAYS_TO_DELETE)}."
        raise violated([Reason(code="operation_unknown", field="mode", message=message)])
    if len(reference) > MAX_REFERENCE:
        raise violated([_too_long("reference", MAX_REFERENCE)])
    if control := control_character(reference):
        message = f"reference contains the control character U+{ord(control):04X}."
        raise violated([Reason(code="characters_forbidden", field="reference", message=message)])
    deletion = Draft(0, Intent.DELETE, reference)
    deactivation = Draft(0, Intent.UPDATE, reference, fields={"active": False})
    is_dry = is_dry_run({DRY_RUN: {"true": True, "false": False}.get(dry_run)})
    return SentProducts([deletion if mode == "delete" else deactivation], is_dry)


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
            if name in fields:
                reading.wrong(key, f"{name} stands under another name as well.", "fields_contradict")
            fields[name] = read(reading, value, key)
        elif key not in {"operation", "reference", *IDS}:
            hint = ALIASES.get(key)
            reading.wrong(
                key, f"Is called {hint} here." if hint else "Is not a field of a product.", "field_unknown"
            )
    return fields


# ── seed 000's column "Validation" ──


def _missing(body: Mapping[str, Json], intent: Intent) -> Iterable[Reason]:
    ids = [key for key in IDS if body.get(key) is not None]
    required = _required(body, intent, has_id=bool(ids))
    if intent is Intent.CREATE and not _operation_is_unknown(body):
        for key in ids:
            message = "A product that is to be created has no id yet; send a reference alone."
            yield Reason(code="fields_contradict", field=key, message=message)
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


def _required(body: Mapping[str, Json], intent: Intent, *, has_id: bool) -> list[str]:
    if intent is not Intent.CREATE:
        return ["operation"] if has_id else ["operation", "reference"]
    # the stock of a product with variants is theirs
    return [
        "operation",
        "reference",
        *(name for name in REQUIRED_TO_CREATE if name != "quantity" or not body.get("variants")),
    ]


def _text_violations(fields: Mapping[str, Any]) -> Iterable[Reason]:
    for path, name in _texts(fields, "name"):
        if len(name) > MAX_NAME:
            yield _too_long(path, MAX_NAME, f", of which PrestaShop 8 keeps {ShopLimits().name_length}")
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


def _too_long(path: str, limit: int, beside: str = "") -> Reason:
    name, message = path.split(".", maxsplit=1)[0], f"{path} has at most {limit} characters{beside}."
    return Reason(code=f"{name}_too_long", field=path, message=message)


def _too_many(path: str, limit: int) -> Reason:
    return Reason(code=f"too_many_{path}", field=path, message=f"At most {limit} {path} are allowed.")
