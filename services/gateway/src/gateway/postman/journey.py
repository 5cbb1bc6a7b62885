"""What a run of the collection is about: which request comes when, what it hands on to later ones.

An operation that is not told of here is sent with the examples of the document, after those of its folder
that are.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.operations.operation import Tag

FOLDERS = (
    Tag.LOGIN,
    Tag.API_KEYS,
    Tag.USERS,
    Tag.PICTURES,
    Tag.PRODUCTS,
    Tag.BULK,
    Tag.INBOUND,
    Tag.WEBHOOKS,
)
"""In this order; those that are not named follow as the document has them."""

VARIABLES: Mapping[str, tuple[str, str]] = {
    "base_url": ("http://127.0.0.1:8080", "Base URL of the API"),
    "jwt_token": ("", "Access token or API key; set by the login"),
    "email": ("", "Whom to log in; without it the requests that log in are skipped, and jwt_token is used"),
    "password": ("", "Their password"),
    "new_password": ("short", "Too short on purpose: a run changes nobody's password"),
    "webhook_url": ("{{base_url}}/nobody-listens-here", "Where webhooks are to go"),
    "inbound_secret": ("", "The secret of an ERP that sends webhooks; without it that request is skipped"),
}
"""What a user sets: name, default, meaning."""

GIF = "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
"""One pixel, in characters that every tool can send as text."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """How an operation is sent and what is made of its answer.

    `body` replaces fields of the document's example; `keep` are variables by the place of their value in the
    answer. `before` and `after` are lines of JavaScript; `until` is one that says when to stop asking.
    `answers` are the statuses that are as they should be, where they are not those that went well.
    """

    body: Mapping[str, Any] | None = None
    text: str | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    needs: str | None = None
    keep: Mapping[str, str] = field(default_factory=dict)
    forget: Sequence[str] = ()
    before: Sequence[str] = ()
    until: str | None = None
    answers: Sequence[int] = ()


_LOGIN = {"email": "{{email}}", "password": "{{password}}"}
_TOKENS = {"jwt_token": "data.access_token", "refresh_token": "data.refresh_token"}
_PRODUCT = {
    "operation": "create",
    "reference": "{{reference}}",
    "name": "Professional Coffee Machine",
    "price": 1299.99,
    "quantity": 50,
}
_PASSWORDS = {"current": "{{password}}", "new": "{{new_password}}"}
_EARLIER = {"since": "2024-01-01T00:00:00Z"}
_NO_LETTER = {"letter_id": "00000000-0000-4000-8000-000000000000"}  # where all is well there is none
_KEY = {"name": "Postman", "scopes": ["products:read"]}

_SIGN = (
    "const body = pm.variables.replaceIn(pm.request.body.raw);",
    "const now = String(Math.floor(Date.now() / 1000));",
    "pm.request.body.update(body);",
    "const secret = pm.variables.get('inbound_secret');",
    "const signature = require('crypto-js').HmacSHA256(`${now}.${body}`, secret);",
    "pm.request.headers.upsert({key: 'X-GeSmart-Timestamp', value: now});",
    "pm.request.headers.upsert({key: 'X-GeSmart-Signature', value: `sha256=${signature}`});",
)
_SEND_SOMETHING = (
    "if (!pm.variables.get('told')) {",
    "  keep('told', 'yes');",
    "  const item = {reference: pm.variables.get('reference'), en: {name: 'Told'}, price: '9.90'};",
    "  pm.sendRequest({",
    "    url: pm.variables.replaceIn('{{base_url}}/api/products/bulk'),",
    "    method: 'POST',",
    "    header: {",
    "      'Content-Type': 'application/json',",
    "      Authorization: `Bearer ${pm.variables.get('jwt_token')}`,",
    "    },",
    "    body: {mode: 'raw', raw: JSON.stringify({items: [item]})},",
    "  }, () => {});",
    "}",
)

STEPS: Mapping[str, Step] = {
    "logIn": Step(body=_LOGIN, needs="email", keep=_TOKENS),
    "whoAmI": Step(),
    "changePassword": Step(body=_PASSWORDS, answers=(200, 409, 422)),  # 409: an API key has none
    "refresh": Step(body={"refresh_token": "{{refresh_token}}"}, needs="refresh_token", keep=_TOKENS),
    "logOut": Step(
        body={"refresh_token": "{{refresh_token}}"},
        needs="refresh_token",
        forget=("jwt_token", "refresh_token"),
    ),
    "logInV1": Step(body=_LOGIN, needs="email", keep=_TOKENS),
    "whoAmIV1": Step(),
    "changePasswordV1": Step(body=_PASSWORDS, answers=(200, 409, 422)),  # 409: an API key has none
    "refreshV1": Step(body={"refresh_token": "{{refresh_token}}"}, needs="refresh_token", keep=_TOKENS),
    "logOutV1": Step(
        body={"refresh_token": "{{refresh_token}}"},
        needs="refresh_token",
        forget=("jwt_token", "refresh_token"),
    ),
    "addApiKey": Step(body=_KEY, keep={"api_key_id": "data.api_key_id"}),
    "listApiKeys": Step(),
    "revokeApiKey": Step(),
    "addApiKeyV1": Step(body=_KEY, keep={"api_key_id": "data.api_key_id"}),
    "listApiKeysV1": Step(),
    "revokeApiKeyV1": Step(),
    "addUser": Step(
        body={"email": "postman-{{run}}@example.com", "password": "Vt9-kQ2_xLm7", "role": "viewer"},
        keep={"user_id": "data.user_id"},
    ),
    "listUsers": Step(),
    "getUser": Step(),
    "changeUser": Step(body={"role": "manager"}),
    "removeUser": Step(),
    "sendPicture": Step(
        text=GIF,
        headers={"Content-Type": "image/gif"},
        path={"sha256": hashlib.sha256(GIF.encode()).hexdigest()},
    ),
    "isPictureKnown": Step(path={"sha256": hashlib.sha256(GIF.encode()).hexdigest()}),
    "syncProduct": Step(body=_PRODUCT, keep={"sync_id": "data.syncId"}),
    "getSync": Step(),
    "listSyncs": Step(query={"reference": "{{reference}}", "per_page": "5"}),
    "cancelSync": Step(answers=(200, 409)),  # 409: it is finished
    "syncBatch": Step(
        body={
            "products": [
                {"operation": "update", "reference": "{{reference}}", "quantity": 49},
                {"operation": "update", "reference": "{{reference}}-UNKNOWN", "quantity": 1},
            ]
        },
        keep={"sync_id": "data.syncId"},
    ),
    "retrySync": Step(answers=(200, 202, 404)),  # 404: the unknown product still is
    "deleteProduct": Step(path={"reference": "{{reference}}"}, query={"mode": "deactivate"}),
    "sendBulk": Step(
        body={"items": [{"reference": "{{reference}}", "en": {"name": "From Postman"}, "price": "19.90"}]},
        keep={"bulk_id": "data.bulkId"},
    ),
    "getBulk": Step(until="body.data.finishedAt !== null"),
    "getChunk": Step(path={"partition": "0"}),
    "retryBulk": Step(answers=(200, 409)),  # 409: nothing of it was refused
    "cancelBulk": Step(answers=(200, 409)),  # 409: it is finished
    "deliverProducts": Step(
        body={"reference": "{{reference}}", "quantity": 48},
        headers={"X-GeSmart-Delivery": "{{$guid}}", "X-GeSmart-Event": "product.updated"},
        needs="inbound_secret",
        before=_SIGN,
    ),
    "addWebhook": Step(
        body={"url": "{{webhook_url}}/{{run}}", "events": ["bulk.chunk.completed"]},
        keep={"webhook_id": "data.id"},
    ),
    "listWebhooks": Step(),
    "getWebhook": Step(),
    "changeWebhook": Step(body={"description": "From Postman"}),
    "testWebhook": Step(),
    "rotateWebhookSecret": Step(),
    "listDeliveries": Step(
        before=_SEND_SOMETHING,
        until="body.data.deliveries.length > 0",
        keep={"delivery_id": "data.deliveries[0].id"},
    ),
    "getDelivery": Step(),
    "replayDelivery": Step(),
    "replayDeliveries": Step(body=_EARLIER),
    "recoverWebhook": Step(body=_EARLIER),
    "removeWebhook": Step(),
    "listShops": Step(),
    "addShop": Step(
        body={"id": "postman-{{run}}", "name": "From Postman", "url": "{{base_url}}/no-shop-is-here/{{run}}"},
        query={"check": "later"},
        keep={"shop_id": "data.id"},
    ),
    "getShop": Step(),
    "changeShop": Step(query={"check": "later"}),
    "checkShop": Step(),
    "removeShop": Step(query={"force": "true"}),
    "listDeadLetters": Step(),
    "getDeadLetter": Step(path=_NO_LETTER, answers=(404,)),
    "replayDeadLetter": Step(body={}, path=_NO_LETTER, answers=(404,)),
    "discardDeadLetter": Step(path=_NO_LETTER, query={"reason": "It was a test"}, answers=(404,)),
    "replayDeadLetters": Step(body={"filter": {"service": "validator"}}, keep={"replay_id": "data.id"}),
    "listDeadLetterReplays": Step(),
    "getDeadLetterReplay": Step(),
    "stopDeadLetterReplay": Step(answers=(200, 204, 409)),  # 409: it is at its end
}
"""By operation, in the order of the run."""

VARIABLE_OF: Mapping[tuple[str, str], str] = {(Tag.WEBHOOKS.value, "id"): "webhook_id"}
"""The variable behind a part of a path, by its folder, where it is called something else."""
