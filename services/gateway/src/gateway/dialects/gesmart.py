"""Webhooks of GeSmart: products of the sync dialect, with an event that says what happened to them.

`product.created` writes the product whether the shop has it or not, `product.updated` and `product.deleted`
are about one that it has. A product that states an `operation` of its own is read by that. The event stands
in the body, which is signed, or in a header, which is not.
"""

from dataclasses import replace

from common.messages import Intent, Reason
from gateway.answers.envelopes import Success
from gateway.answers.sync import QueuedDelivery, RefusedProduct
from gateway.dialects import sync
from gateway.dialects.plans import told_as_sent
from gateway.drafts import Draft, RefusedItem, SentProducts
from gateway.errors import Refusal, unreadable, violated
from gateway.fields import IDS
from gateway.inbound.signatures import EVENT
from gateway.strict_json import Json
from gateway.submissions import Accepted

EVENTS = {
    "product.created": Intent.UPSERT,
    "product.updated": Intent.UPDATE,
    "product.deleted": Intent.DELETE,
}


def read_delivery(body: Json, event: str | None) -> SentProducts:
    """The changes of a product, a list of products, `{products: […]}` or `{type, data}` with one of these.

    `event` is what the header says. Raises `Refusal`: 400, 413, 422.
    """
    if isinstance(body, dict) and isinstance(told := body.get("type"), str):
        if event not in {None, told} and ("data" in body or told in EVENTS):
            raise _event_differs(told)
        if "data" in body:
            event, body = told, body["data"]
    if isinstance(body, dict) and set(body) == {"products"}:
        body = body["products"]
    products = body if isinstance(body, list) else [body]
    if not products:
        raise violated([Reason(code="batch_empty", field="", message="At least one product.")])
    if len(products) > sync.MAX_BATCH:
        raise Refusal(413, "batch_too_large", f"At most {sync.MAX_BATCH} products are taken at a time.")
    if not any(isinstance(product, dict) for product in products):
        raise unreadable("The body must be a product or a list of products, each a JSON object.")
    if event is not None and event not in EVENTS:
        message = f"Must be one of {', '.join(EVENTS)}."
        raise violated([Reason(code="event_unknown", field="event", message=message)])
    intent = None if event is None else EVENTS[event]
    return SentProducts([_read(product, position, intent) for position, product in enumerate(products)])


def _event_differs(told: str) -> Refusal:
    """422: whoever changes the header must not make a deletion of an update that somebody else signed."""
    message = f"The body, which is signed, says {told[:40]!r}; leave the header out, or let it say the same."
    details = [Reason(code="event_differs", field=EVENT, message=message)]
    return Refusal(422, "event_differs", message, details)


def _read(product: Json, position: int, intent: Intent | None) -> Draft | RefusedItem:
    if intent is None or not isinstance(product, dict) or product.get("operation") is not None:
        return sync.read_of_batch(product, position)
    if intent is Intent.DELETE:
        named = {key: product[key] for key in ("reference", *IDS) if key in product}
        read = sync.read_of_batch({"operation": "update", **named}, position)
        return replace(read, intent=Intent.DELETE)
    operation = "create" if intent is Intent.UPSERT else "update"
    return replace(sync.read_of_batch({**product, "operation": operation}, position), intent=intent)


def queued(delivery_id: str, accepted: Accepted, products: int) -> Success[QueuedDelivery]:
    """200: so many products are on their way, these are not."""
    refused = [
        RefusedProduct(index=item.position, reference=item.reference, details=told_as_sent(item.reasons))
        for item in accepted.refused
    ]
    return {
        "success": not refused,
        "message": f"{products - len(refused)} of {products} products queued",
        "data": {
            "deliveryId": delivery_id,
            "syncId": accepted.submission_id,
            "queued": products - len(refused),
            "refused": refused,
        },
    }
