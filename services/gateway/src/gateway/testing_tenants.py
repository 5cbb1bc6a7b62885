"""For tests: how each route may be asked for what is another tenant's.

A route that takes ids stands in `ASKING`, with whatever in its path, query, headers and body may name
something; one that takes none stands in `WITHOUT_IDS`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.testing import Answer, Client


@dataclass(frozen=True)
class Ids:
    """What names something of one tenant: of another one, or of nobody."""

    tenant: str
    shop: str  # of the operator's settings
    shop_id: str  # registered
    user_id: str
    api_key_id: str
    sync_id: str
    bulk_id: str
    reference: str
    product_id: int
    presta_id: int
    sha256: str
    webhook_id: str
    delivery_id: str
    idempotency_key: str
    letter_id: str
    replay_id: str


@dataclass(frozen=True)
class Asking:
    """One way of asking. `{sync_id}` and the like are put in; the ids in the path are `Ids` too."""

    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    async def answer(self, client: Client, method: str, path: str, ids: Ids) -> Answer:
        options: dict[str, Any] = {} if self.json is None else {"json": _filled(self.json, ids)}
        headers = {"Prefer": "respond-async", **_filled(self.headers, ids)}
        query = _filled(self.query, ids)
        return await client(method, place(path, ids), params=query, headers=headers, **options)


def place(path: str, ids: Ids) -> str:
    """The path with the ids in it; `{id}` is a webhook's."""
    return path.format_map({"partition": "0", "id": ids.webhook_id, **asdict(ids)})


def _filled(template: Any, ids: Ids) -> Any:
    if isinstance(template, Mapping):
        return {name: _filled(value, ids) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, ids) for value in template]
    if not isinstance(template, str):
        return template
    if name := re.fullmatch(r"\{(\w+)\}", template):
        return getattr(ids, name[1])  # a number stays one
    return template.format_map(asdict(ids))


_NEW_EACH_TIME = re.compile(
    r"\b(?:[a-z]+_[0-9a-f]{12,}|whsec_[\w+/=]+|[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}"
    r"|\d{4}-\d\d-\d\d[T ][\d:.+Z]+|\d{4,})"
)


def masked(answer: Answer, *asked: Ids) -> tuple[int, str]:
    """Status, headers and body without what differs anyhow: ids that were asked for, new ones, times."""
    headers = {name: answer.headers.get(name) for name in ("Location", "Retry-After", "WWW-Authenticate")}
    text = f"{headers} {answer.body}"
    for name, value in sorted((one for ids in asked for one in asdict(ids).items()), key=_longest_first):
        # As a whole word: a short number also stands in the middle of new ids.
        text = re.sub(rf"\b{re.escape(str(value))}\b", f"<{name}>", text)
    return answer.status, _NEW_EACH_TIME.sub("<new>", text)


def _longest_first(named: tuple[str, object]) -> int:
    return -len(str(named[1]))


def named_in(answer: Answer, ids: Ids) -> list[str]:
    """Which of the ids the answer tells."""
    told = f"{answer.headers} {answer.body}"
    return [name for name, value in asdict(ids).items() if re.search(rf"\b{re.escape(str(value))}\b", told)]


ROW = [Asking()]
HEADERS = [Asking(headers={"X-Tenant-Id": "{tenant}"}), Asking(headers={"X-Shop-Id": "{shop}"})]

_NEW = {"operation": "create", "name": "Machine", "price": 10, "quantity": 1}
_WITH_PICTURE = {**_NEW, "reference": "OWN-1", "images": [{"fileName": "a.png", "sha256": "{sha256}"}]}
_CHANGES = [
    {**_NEW, "reference": "{reference}"},
    {"operation": "update", "reference": "{reference}", "price": 11},
    {"operation": "update", "product_id": "{product_id}", "price": 11},
    {"operation": "update", "presta_id": "{presta_id}", "price": 11},
    {"operation": "update", "presta_id": "{presta_id}", "reference": "{reference}", "price": 11},
    {"operation": "update", "presta_id": "{presta_id}", "product_id": "{product_id}", "price": 11},
    _WITH_PICTURE,
]
_TO = [
    Asking(query={"shop": "{shop}"}, json={}),
    Asking(headers={"X-Shop-Id": "{shop}"}, json={}),
    Asking(headers={"X-Tenant-Id": "{tenant}"}, json={}),
]


def _sent(wrapped: str | None) -> list[Asking]:
    """Every change in the body of a route for products, and a key that somebody else has used."""
    changes = [
        {key: value for key, value in c.items() if wrapped != "items" or key != "operation"} for c in _CHANGES
    ]
    bodies: list[Any] = [change if wrapped is None else {wrapped: [change]} for change in changes]
    keyed = Asking(json=bodies[0], headers={"Idempotency-Key": "{idempotency_key}"})
    named = [Asking(to.query, bodies[0], to.headers) for to in _TO]
    return [*(Asking(json=body) for body in bodies), keyed, *named]


_NEW_USER = {"email": "own@example.com", "password": "A new one, 12!", "role": "viewer"}
_WEBHOOK = {"url": "https://example.com/{webhook_id}", "shops": ["{shop}"]}

ASKING: Mapping[tuple[str, str], Sequence[Asking]] = {
    **{("DELETE", f"/api/{prefix}auth/api-keys/{{api_key_id}}"): ROW for prefix in ("", "v1/")},
    ("GET", "/api/v1/users"): [Asking(query={"tenant": "{tenant}"})],
    ("POST", "/api/v1/users"): [  # without a tenant: an address is a login, one on the whole installation
        Asking(json={**_NEW_USER, "tenant": "{tenant}"}),
    ],
    ("GET", "/api/v1/users/{user_id}"): ROW,
    ("PATCH", "/api/v1/users/{user_id}"): [
        Asking(json={"role": "viewer"}),
        Asking(json={"password": "A new one, 12!"}),
    ],
    ("DELETE", "/api/v1/users/{user_id}"): ROW,
    ("POST", "/api/products/sync"): _sent(None),
    ("POST", "/api/products/sync/batch"): _sent("products"),
    ("POST", "/api/products/bulk"): _sent("items"),
    ("GET", "/api/products/sync"): [
        Asking(query={"reference": "{reference}"}),
        *HEADERS,
    ],
    ("GET", "/api/products/sync/{sync_id}"): [*ROW, *HEADERS],
    ("POST", "/api/products/sync/{sync_id}/retry"): [*ROW, *HEADERS],
    ("POST", "/api/products/sync/{sync_id}/cancel"): [*ROW, *HEADERS],
    ("DELETE", "/api/products/sync/{reference}"): [
        *ROW,
        Asking(query={"mode": "deactivate"}),
        Asking(query={"shop": "{shop}"}),
        *HEADERS,
    ],
    ("GET", "/api/products/bulk/{bulk_id}"): [*ROW, *HEADERS],
    ("GET", "/api/products/bulk/{bulk_id}/chunks/{partition}"): [*ROW, *HEADERS],
    ("POST", "/api/products/bulk/{bulk_id}/retry"): [*ROW, *HEADERS],
    ("POST", "/api/products/bulk/{bulk_id}/cancel"): [*ROW, *HEADERS],
    ("HEAD", "/api/v1/media/{sha256}"): [*ROW, *HEADERS],
    ("PUT", "/api/v1/media/{sha256}"): [*ROW, *HEADERS],
    ("POST", "/api/v1/webhooks"): [
        Asking(json=_WEBHOOK),
        Asking(json={"url": "https://example.com/{webhook_id}", "tenant": "{tenant}"}),
        Asking(json={"url": "https://example.com/{webhook_id}"}, query={"tenant": "{tenant}"}),
    ],
    ("GET", "/api/v1/webhooks"): [Asking(query={"tenant": "{tenant}"})],
    ("GET", "/api/v1/webhooks/{id}"): [*ROW, Asking(query={"tenant": "{tenant}"})],
    ("PATCH", "/api/v1/webhooks/{id}"): [
        Asking(json={"state": "paused"}),
        Asking(json={"shops": ["{shop}"]}),
    ],
    ("DELETE", "/api/v1/webhooks/{id}"): [*ROW, Asking(query={"tenant": "{tenant}"})],
    ("POST", "/api/v1/webhooks/{id}/rotate-secret"): ROW,
    ("POST", "/api/v1/webhooks/{id}/test"): ROW,
    ("POST", "/api/v1/webhooks/{id}/recover"): [Asking(json={"since": "2026-01-01T00:00:00Z"})],
    ("GET", "/api/v1/webhooks/{id}/deliveries"): [*ROW, Asking(query={"tenant": "{tenant}"})],
    ("POST", "/api/v1/webhooks/{id}/deliveries/replay"): [Asking(json={"since": "2026-01-01T00:00:00Z"})],
    ("GET", "/api/v1/webhooks/{id}/deliveries/{delivery_id}"): ROW,
    ("POST", "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay"): ROW,
    ("GET", "/api/v1/inbound-webhooks"): [*ROW, *HEADERS],
    ("GET", "/api/v1/shops/{shop_id}"): [*ROW, *HEADERS],
    ("PATCH", "/api/v1/shops/{shop_id}"): [Asking(json={"name": "Mine now"})],
    ("DELETE", "/api/v1/shops/{shop_id}"): [*ROW, Asking(query={"force": "true"})],
    ("POST", "/api/v1/shops/{shop_id}/check"): ROW,
    ("GET", "/api/v1/dead-letters"): [Asking(query={"shop": "{shop}"}), *HEADERS],
    ("POST", "/api/v1/dead-letters/replay"): [Asking(json={"filter": {"shop": "{shop}"}})],
    ("GET", "/api/v1/dead-letters/replays/{replay_id}"): ROW,
    ("DELETE", "/api/v1/dead-letters/replays/{replay_id}"): ROW,
    ("GET", "/api/v1/dead-letters/{letter_id}"): [*ROW, *HEADERS],
    ("POST", "/api/v1/dead-letters/{letter_id}/replay"): [*ROW, Asking(json={"body": {}})],
    ("DELETE", "/api/v1/dead-letters/{letter_id}"): [Asking(query={"reason": "not wanted"})],
}

WITHOUT_IDS = frozenset(
    {
        ("GET", "/api/v1/shops"),
        ("POST", "/api/v1/shops"),  # a shop's id is one on the whole installation as well
        ("GET", "/api/v1/dead-letters/replays"),
        *(
            (method, f"/api/{prefix}auth/{what}")
            for prefix in ("", "v1/")
            for method, what in (
                ("GET", "me"),
                ("POST", "password"),
                ("GET", "api-keys"),
                ("POST", "api-keys"),
            )
        ),
    }
)
