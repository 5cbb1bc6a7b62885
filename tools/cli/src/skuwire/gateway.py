"""The gateway as a client sees it: log in, send, ask, with patience while it is away.

Three things can go wrong with a request, and they are kept apart: nothing was accepted (`GatewayAway`), it
was answered with a no (`GatewayRefused`), or it was sent and the answer was lost (`AnswerLost`).
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from pydantic import SecretStr

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
REQUEST_SECONDS = 60.0
CONNECT_SECONDS = 5.0
MOST_SHOWN_VIOLATIONS = 10
BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class GatewayAway(Exception):
    """It does not answer, or says that it cannot accept anything now. Nothing was accepted."""


class AnswerLost(Exception):
    """The connection broke after the request was sent: it may have been accepted."""


class GatewayRefused(Exception):
    """It answered with a no; the message names every violation that it told."""

    def __init__(self, status: int, body: Any, trace_id: str | None) -> None:
        super().__init__(f"the gateway answered {status}: {_reasons(body)}")
        self.status = status
        self.body = body
        self.trace_id = trace_id


@dataclass(frozen=True)
class Credentials:
    """Who logs in, and where. The operator shows a token instead."""

    url: str
    email: str
    password: SecretStr
    operator_token: SecretStr | None = None


@dataclass(frozen=True)
class Answer:
    """An answer below 400. `trace_id` finds all that the request caused in the logs of all services."""

    status: int
    body: Any
    trace_id: str | None


class Gateway:
    """One login on one gateway; use it as a context manager.

    `patience_seconds` is how long a request is repeated while the gateway is away. A request whose answer
    was lost is repeated only where that cannot start anything twice.
    """

    def __init__(self, credentials: Credentials, *, patience_seconds: float = 0.0) -> None:
        self.url = credentials.url.rstrip("/")
        self._credentials = credentials
        self._patience_seconds = patience_seconds
        self._token: SecretStr | None = None
        self._http: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS)
        self._http = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    # ── what it can be asked ──

    async def token(self) -> SecretStr:
        """The access token of this login."""
        if self._credentials.operator_token is not None:
            return self._credentials.operator_token
        if self._token is None:
            password = self._credentials.password.get_secret_value()
            answer = await self._patiently(
                "POST",
                "/api/v1/auth/login",
                json_body={"email": self._credentials.email, "password": password},
            )
            self._token = SecretStr(answer.body["data"]["access_token"])
        return self._token

    async def has_media(self, sha256: str) -> bool:
        """Whether the bytes of this sha-256 were sent before."""
        try:
            await self._ask("HEAD", f"/api/v1/media/{sha256}")
        except GatewayRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    async def put_media(self, sha256: str, data: bytes) -> None:
        """Send picture bytes ahead."""
        await self._ask("PUT", f"/api/v1/media/{sha256}", data=data)

    async def post_bulk(self, items: list[Any], *, shop: str | None = None) -> Answer:
        """Submit items; answered in the bulk dialect. Raises AnswerLost rather than submit twice."""
        path = "/api/products/bulk" + (f"?shop={shop}" if shop else "")
        return await self._ask("POST", path, json_body={"items": items}, repeatable=False)

    async def bulk(self, bulk_id: str, *, page: int = 1) -> dict[str, Any]:
        """Where a bulk stands: totals, every chunk, and a page of its items."""
        answer = await self._ask("GET", f"/api/products/bulk/{bulk_id}?page={page}")
        found: dict[str, Any] = answer.body["data"]
        return found

    async def bulk_items(self, bulk_id: str) -> list[dict[str, Any]]:
        """Every item of a bulk with its result."""
        first = await self.bulk(bulk_id)
        items: list[dict[str, Any]] = list(first["items"])
        for page in range(2, first["pages"] + 1):
            items += (await self.bulk(bulk_id, page=page))["items"]
        return items

    async def post_sync(self, product: Mapping[str, Any]) -> Answer:
        """Synchronize one product and wait for the result, as long as the gateway waits (202: it goes on)."""
        return await self._ask("POST", "/api/products/sync", json_body=dict(product), repeatable=False)

    async def sync(self, sync_id: str) -> dict[str, Any]:
        """Where a synchronization stands."""
        answer = await self._ask("GET", f"/api/products/sync/{sync_id}")
        found: dict[str, Any] = answer.body
        return found

    async def post_webhook(
        self, url: str, shops: Sequence[str] = (), events: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Subscribe to these events, else to chunks, of these shops, else of all.

        The answer holds the secret, which is shown this once.
        """
        wanted: dict[str, Any] = {"url": url, "shops": list(shops) or None}
        if events:
            wanted["events"] = list(events)
        answer = await self._ask("POST", "/api/v1/webhooks", json_body=wanted, repeatable=False)
        found: dict[str, Any] = answer.body["data"]
        return found

    async def webhooks(self) -> list[dict[str, Any]]:
        """The subscriptions, without secrets."""
        answer = await self._ask("GET", "/api/v1/webhooks")
        found: list[dict[str, Any]] = answer.body["data"]["webhooks"]
        return found

    async def change_webhook(self, webhook_id: str, change: Mapping[str, Any]) -> None:
        """What the change does not state stays."""
        await self._ask("PATCH", f"/api/v1/webhooks/{webhook_id}", json_body=dict(change))

    async def webhook_deliveries(self, webhook_id: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The newest deliveries that the query names."""
        path = f"/api/v1/webhooks/{webhook_id}/deliveries?{urlencode(query)}"
        answer = await self._ask("GET", path)
        found: list[dict[str, Any]] = answer.body["data"]["deliveries"]
        return found

    async def ask_of_webhook(self, webhook_id: str, what: str, body: object = None) -> dict[str, Any]:
        """What `rotate-secret`, `test`, `recover` and `deliveries/…/replay` answer."""
        path = f"/api/v1/webhooks/{webhook_id}/{what}"
        answer = await self._ask("POST", path, json_body=body, repeatable=what == "recover")
        found: dict[str, Any] = answer.body["data"]
        return found

    async def delete_webhook(self, webhook_id: str) -> None:
        """End a subscription; one that is gone is no error."""
        try:
            await self._ask("DELETE", f"/api/v1/webhooks/{webhook_id}")
        except GatewayRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    async def users(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """Who can log in, of this login's tenant; for the operator of `tenant`, else of all."""
        query = "" if tenant is None else "?" + urlencode({"tenant": tenant})
        answer = await self._ask("GET", f"/api/v1/users{query}")
        found: list[dict[str, Any]] = answer.body["data"]["users"]
        return found

    async def add_user(self, email: str, password: str, role: str, tenant: str | None = None) -> None:
        """Let somebody log in; only the operator names a tenant that is not its own."""
        body = {"email": email, "password": password, "role": role}
        if tenant is not None:
            body["tenant"] = tenant
        await self._ask("POST", "/api/v1/users", json_body=body, repeatable=False)

    async def change_user(self, user_id: str, change: Mapping[str, str]) -> None:
        """Another role, another password."""
        await self._ask("PATCH", f"/api/v1/users/{user_id}", json_body=dict(change))

    async def remove_user(self, user_id: str) -> None:
        """With the API keys that it made."""
        await self._ask("DELETE", f"/api/v1/users/{user_id}", repeatable=False)

    async def shops(self) -> list[dict[str, Any]]:
        """The tenant's shops, without their keys."""
        answer = await self._ask("GET", "/api/v1/shops")
        found: list[dict[str, Any]] = answer.body["data"]["shops"]
        return found

    async def add_shop(self, wanted: Mapping[str, Any], *, later: bool = False) -> dict[str, Any]:
        """Register a shop; `later` without looking at it."""
        path = "/api/v1/shops" + ("?check=later" if later else "")
        found: dict[str, Any] = (
            await self._ask("POST", path, json_body=dict(wanted), repeatable=False)
        ).body["data"]
        return found

    async def change_shop(
        self, shop: str, change: Mapping[str, Any], *, later: bool = False
    ) -> dict[str, Any]:
        """What the change does not state stays."""
        path = f"/api/v1/shops/{shop}" + ("?check=later" if later else "")
        found: dict[str, Any] = (await self._ask("PATCH", path, json_body=dict(change))).body["data"]
        return found

    async def check_shop(self, shop: str) -> dict[str, Any]:
        """The shop, looked at now."""
        found: dict[str, Any] = (await self._ask("POST", f"/api/v1/shops/{shop}/check")).body["data"]
        return found

    async def remove_shop(self, shop: str, *, force: bool = False) -> None:
        """With `force` although work for it is open."""
        path = f"/api/v1/shops/{shop}" + ("?force=true" if force else "")
        await self._ask("DELETE", path, repeatable=False)

    async def api_keys(self) -> list[dict[str, Any]]:
        """The tenant's keys, without their texts."""
        answer = await self._ask("GET", "/api/v1/auth/api-keys")
        found: list[dict[str, Any]] = answer.body["data"]["api_keys"]
        return found

    async def create_api_key(self, wanted: Mapping[str, Any]) -> str:
        """The key, which is told this once."""
        answer = await self._ask("POST", "/api/v1/auth/api-keys", json_body=dict(wanted), repeatable=False)
        key: str = answer.body["data"]["key"]
        return key

    async def revoke_api_key(self, api_key_id: str) -> None:
        """It is refused from now on."""
        await self._ask("DELETE", f"/api/v1/auth/api-keys/{api_key_id}")

    async def ask(self, method: str, path: str, body: object = None, *, repeatable: bool = True) -> Any:
        """The `data` of an answer; None where it has none."""
        answer = await self._ask(method, path, json_body=body, repeatable=repeatable)
        return answer.body["data"] if isinstance(answer.body, dict) else None

    # ── how it is asked ──

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        json_body: object = None,
        data: bytes | None = None,
    ) -> Answer:
        """With the access token, which is renewed when it has run out."""
        for last_try in (False, True):
            token = await self.token()
            try:
                return await self._patiently(
                    method, path, repeatable=repeatable, json_body=json_body, data=data, token=token
                )
            except GatewayRefused as error:
                if last_try or error.status != HTTPStatus.UNAUTHORIZED:
                    raise
                self._token = None
        raise AssertionError("unreachable: the last try returns or raises")

    async def _patiently(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        json_body: object = None,
        data: bytes | None = None,
        token: SecretStr | None = None,
    ) -> Answer:
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + self._patience_seconds, FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._once(method, path, json_body, data, token)
            except GatewayAway:
                if clock() + pause > deadline:
                    raise
            except AnswerLost:
                if not repeatable or clock() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _once(
        self, method: str, path: str, json_body: object, data: bytes | None, token: SecretStr | None
    ) -> Answer:
        headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        if json_body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(json_body, ensure_ascii=False).encode()
        try:
            async with self._http.request(method, self.url + path, data=data, headers=headers) as response:
                text = await response.text()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise GatewayAway(f"nothing answers at {self.url} ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AnswerLost(f"the connection to {self.url} broke ({type(error).__name__})") from None
        body = _json_or_text(text)
        if response.status in BUSY:
            raise GatewayAway(f"the gateway accepts nothing now: {response.status}, {_reasons(body)}")
        trace_id = response.headers.get("X-Trace-Id")
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise GatewayRefused(response.status, body, trace_id)
        return Answer(response.status, body, trace_id)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _reasons(body: object) -> str:
    """The sentences of an error body, in whichever dialect's form it comes."""
    if not isinstance(body, dict):
        return str(body or "no reason given")[:300]
    error = body.get("error")
    inner: Mapping[str, Any] = (
        error if isinstance(error, dict) else {"message": error, "details": body.get("details")}
    )
    details = inner.get("details") or []
    told = [f"{one.get('field')}: {one.get('message')}" for one in details[:MOST_SHOWN_VIOLATIONS]]
    if len(details) > MOST_SHOWN_VIOLATIONS:
        told.append(f"and {len(details) - MOST_SHOWN_VIOLATIONS} more")
    return " ".join([str(inner.get("message") or "refused"), *(f"\n  {line}" for line in told)])
