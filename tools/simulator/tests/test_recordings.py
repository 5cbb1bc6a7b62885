"""The contract: the simulator answers every recorded exchange as the real PrestaShop did, byte for byte.

Times, file paths and the bytes of re-encoded pictures are normalised; every other difference has to be
listed with
its reason in `deviations.toml`, and has to be real: a listed deviation that is no longer there fails too.
"""

import base64
import difflib
import hashlib
import io
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pyvips  # type: ignore[import-untyped]  # it ships no types
from yarl import URL

RECORDED = Path(__file__).parent / "recordings"
VERSIONS = {"8.2.1": "127.0.0.1:8080", "1.7.8.11": "127.0.0.1:8081", "1.7.8.11-notices": "127.0.0.1:8081"}
SCENARIOS = sorted(f"{path.parent.name}/{path.stem}" for path in RECORDED.glob("*/*.json"))
KEYS = {
    "<key>": "K" * 32,
    "<key: readonly>": "R" * 32,
    "<key: disabled>": "D" * 32,
    "<key: unknown>": "U" * 32,
    "<key: short>": "short",
    "<key: empty>": "",
}
COMPARED = ("Server", "Content-Type", "X-Powered-By", "PSWS-Version", "WWW-Authenticate", "Location")
TIME = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
PATH = re.compile(rb"/[\w/\\]+?(\\?/classes)")
PICTURE = re.compile(rb'(<content encode="base64"><!\[CDATA\[)[^\]]*')
EMPTY_SHA1 = hashlib.sha1(b"").hexdigest()

Exchange = dict[str, Any]


def deviations() -> dict[str, dict[int, str]]:
    """scenario → step → reason."""
    found: dict[str, dict[int, str]] = {}
    listed = tomllib.loads((Path(__file__).parent / "deviations.toml").read_text(encoding="utf-8"))
    for one in listed.get("deviation", []):
        found.setdefault(one["scenario"], {}).update(dict.fromkeys(one["steps"], one["reason"]))
    return found


def recorded_body(message: Exchange) -> bytes:
    if message.get("body_encoding") == "base64":
        return base64.b64decode(message["body"])
    if message.get("body_encoding") == "omitted":
        return too_large_upload()
    return (message["body"] or "").encode()


def too_large_upload() -> bytes:
    """The one body that the recordings only describe: a picture of 2,180,932 bytes."""
    head = b'--big\r\nContent-Disposition: form-data; name="image"; filename="over2mb.jpg"\r\n'
    picture = pyvips.Image.gaussnoise(1500, 1500, sigma=60).cast("uchar").jpegsave_buffer(Q=60)
    assert len(picture) < 2180932
    return head + b"Content-Type: image/jpeg\r\n\r\n" + picture.ljust(2180932, b"\0") + b"\r\n--big--\r\n"


def normal(body: bytes, content_type: str) -> bytes:
    """What is compared of a body."""
    if content_type == "image/jpeg":
        return b"<a picture>"
    body = PATH.sub(rb"<path>\1", TIME.sub(b"<time>", body))
    return PICTURE.sub(rb"\1<a picture>", body)


def request_headers(request: Exchange, domain: str) -> dict[str, str]:
    headers = {"Host": domain} | request["headers"]
    if name := headers.get("Authorization", "").removeprefix("Basic "):
        headers["Authorization"] = "Basic " + base64.b64encode(f"{KEYS[name]}:".encode()).decode()
    if request.get("body_encoding") == "omitted":
        headers["Content-Type"] = "multipart/form-data; boundary=big"
    return headers


async def differences(running: Any, exchange: Exchange, domain: str) -> list[str]:
    """How the simulator's answer differs from the recorded one."""
    request, response = exchange["request"], exchange["response"]
    query = request["query"].replace("<key>", KEYS["<key>"]).replace("<unknown key>", KEYS["<key: unknown>"])
    url = URL(f"{running.url}{request['path']}{'?' + query if query else ''}", encoded=True)
    running.faults.unavailable = "switched off" in exchange["note"]
    async with running.client.request(
        request["method"],
        url,
        data=io.BytesIO(recorded_body(request)) if recorded_body(request) else None,
        headers=request_headers(request, domain),
        skip_auto_headers=("Content-Type", "Accept", "User-Agent"),
        allow_redirects=False,
    ) as answer:
        body = await answer.read()
        return list(compare(answer, body, response, recorded_body(response)))


def lines_of(body: bytes) -> list[str]:
    return body.decode("utf-8", "replace").replace(',"', ',\n"').splitlines()


def compare(
    answer: aiohttp.ClientResponse, body: bytes, response: Exchange, expected: bytes
) -> Iterator[str]:
    """The differences in status, headers and body, in words."""
    if answer.status != response["status"]:
        yield f"status {answer.status}, recorded {response['status']}"
    for name in COMPARED:
        if answer.headers.get(name) != response["headers"].get(name):
            yield f"{name}: {answer.headers.get(name)!r}, recorded {response['headers'].get(name)!r}"
    digest, recorded = answer.headers.get("Content-Sha1"), response["headers"].get("Content-Sha1")
    if (digest is None) != (recorded is None) or (recorded == EMPTY_SHA1) != (digest == EMPTY_SHA1):
        yield f"Content-Sha1: {digest!r}, recorded {recorded!r}"
    elif (
        answer.status < 400
        and digest not in (None, EMPTY_SHA1)
        and body
        and digest != hashlib.sha1(body).hexdigest()
    ):
        yield "Content-Sha1 is not that of the body"
    content_type = response["headers"].get("Content-Type", "")
    found, expected = normal(body, content_type), normal(expected, content_type)
    if found != expected:
        left, right = (lines_of(one) for one in (expected, found))
        yield from list(difflib.unified_diff(left, right, "recorded", "simulated", n=0, lineterm=""))[2:14]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_recorded_exchange_is_answered_as_the_shop_did(scenario: str, open_shop: Any) -> None:
    version = scenario.partition("/")[0]
    running = await open_shop(domain=VERSIONS[version], shop_name="LabShop", version=version)
    exchanges = json.loads((RECORDED / f"{scenario}.json").read_text(encoding="utf-8"))
    listed = deviations().get(scenario, {})
    report = []
    for step, exchange in enumerate(exchanges):
        found = await differences(running, exchange, VERSIONS[version])
        if found and step not in listed:
            request = exchange["request"]
            sent = f"{request['method']} {request['path']}?{request['query']}"
            report.append(f"step {step} ({exchange['note']}): {sent}")
            report.extend(f"    {line[:300]}" for line in found)
        if not found and step in listed:
            report.append(f"step {step} is listed as a deviation and is none: {listed[step]}")
    assert not report, f"{scenario}\n" + "\n".join(report)


def test_the_deviations_name_scenarios_that_exist() -> None:
    assert set(deviations()) <= set(SCENARIOS)
