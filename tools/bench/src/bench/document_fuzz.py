"""What Schemathesis makes of the OpenAPI document, sent to a gateway that runs: nothing may break.

Two passes: one with a key that may do everything, one with a credential that nobody has given. What would
reach somebody outside, or a service that is not there, is left to the tests of those services.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.lone_gateway import LoneGateway, lone_gateway

MEGABYTE = 1_000_000
PEAK = 300 * MEGABYTE
HANG_SECONDS = 5
PATIENCE_SECONDS = 60  # for one request, so that it is known for a hang and not for an error
WITHOUT_END = str(10**9)

CALLS_OTHERS = ("addWebhook", "testWebhook", "addShop", "changeShop", "checkShop")
"""They speak to addresses that are made up, or to services that look at shops."""

ENDS_CREDENTIALS = ("revokeApiKey", "revokeApiKeyV1", "changeUser", "removeUser", "changePassword")
"""They may end the key that is used, and all that follows would say nothing."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
    "unsupported_method",
)
"""All but `positive_data_acceptance`, which knows no rule between two fields, and `allow_header_conformance`,
which takes paths that share a route for one."""

CHECKS_OF_REFUSALS = ("not_a_server_error", "status_code_conformance", "response_schema_conformance")

CONFIGURATION = "[auth]\nauto-signup = false\n"  # it would add a user, and be that one

ENVIRONMENT = {
    "SKUWIRE_GATEWAY_WAIT_SECONDS": "0.1",  # nobody works on what is accepted
    "SKUWIRE_GATEWAY_QUOTA_ADDRESS_MAX_REQUESTS": WITHOUT_END,
    "SKUWIRE_GATEWAY_QUOTA_ADDRESS_MAX_ITEMS": WITHOUT_END,
    "SKUWIRE_GATEWAY_QUOTA_ADDRESS_MAX_BYTES": str(10**12),
    "SKUWIRE_GATEWAY_QUOTA_MAX_REQUESTS": WITHOUT_END,
    "SKUWIRE_GATEWAY_QUOTA_MAX_ITEMS": WITHOUT_END,
    "SKUWIRE_GATEWAY_QUOTA_MAX_BYTES": str(10**12),
    "SKUWIRE_GATEWAY_BACKLOG_SHOP_MAX_ITEMS": WITHOUT_END,
    "SKUWIRE_GATEWAY_BACKLOG_MAX_ITEMS": WITHOUT_END,
    "SKUWIRE_GATEWAY_BACKLOG_MAX_MESSAGES": WITHOUT_END,
}


@dataclass(frozen=True)
class DocumentFuzzResult:
    """What came of it. Memory is that of the gateway's process, in bytes."""

    seed: int
    requests: int
    wanted: int
    failures: Sequence[str]
    credential_lives: bool
    tracebacks: int
    peak: int

    @property
    def problems(self) -> list[str]:
        """Everything that should not be, in sentences."""
        found = list(self.failures)
        if self.requests < self.wanted:
            found.append(f"only {self.requests} requests were sent, {self.wanted} are due")
        if not self.credential_lives:
            found.append("the credential was lost on the way: later requests said nothing")
        if self.tracebacks:
            found.append(f"{self.tracebacks} tracebacks in the gateway's log")
        if self.peak > PEAK:
            found.append(f"{self.peak // MEGABYTE} MB of memory")
        return found

    def lines(self) -> list[str]:
        """The figures, for reading."""
        return [
            f"{self.requests} requests made of the OpenAPI document (seed {self.seed})",
            f"memory of the gateway: at most {self.peak // MEGABYTE} MB",
            *(f"PROBLEM {problem}" for problem in self.problems),
            f"{len(self.problems)} problems",
        ]


@dataclass(frozen=True)
class Pass:
    """One run over the document."""

    document: Mapping[str, Any]
    credential: Mapping[str, str]
    phases: str
    checks: Iterable[str]
    left_out: Iterable[str] = ()


async def fuzz_document(folder: Path, *, seed: int, examples: int, wanted: int) -> DocumentFuzzResult:
    """Send what lies at every boundary, and up to `examples` further requests per operation."""
    async with lone_gateway(folder / "data", ENVIRONMENT, beside=("webhook-relay",)) as gateway:
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{gateway.url}/openapi.json") as answer:
                document = await answer.json()
            key = await _key(http, gateway)
            gateway.forget_peak()
            left_out = (*CALLS_OTHERS, *ENDS_CREDENTIALS)
            passes = [
                Pass(document, key, "coverage,fuzzing", CHECKS, left_out),
                Pass(_closed(document), {"X-API-Key": "pm_live_nobody"}, "fuzzing", CHECKS_OF_REFUSALS),
            ]
            generated = {"--seed": seed, "--max-examples": examples, "--max-response-time": HANG_SECONDS}
            done = [await _run(one, folder, gateway.url, generated) for one in passes]
            lives = await _lives(http, gateway.url, key)
        return DocumentFuzzResult(
            seed,
            requests=sum(report["test_cases"]["generated"] for report in done),
            wanted=wanted,
            failures=[failure for report in done for failure in _failures(report)],
            credential_lives=lives,
            tracebacks=gateway.tracebacks(),
            peak=gateway.peak_bytes(),
        )


def _closed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as somebody meets it whom nobody knows: 401, or 429 for guessing, whatever is asked."""
    paths: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["security"]:
                responses = {status: operation["responses"][status] for status in ("401", "429")}
                paths.setdefault(path, {})[method] = {**operation, "responses": responses}
    return {**document, "paths": paths}


async def _key(http: aiohttp.ClientSession, gateway: LoneGateway) -> dict[str, str]:
    """A key that may do everything: no logout ends it."""
    async with http.post(
        f"{gateway.url}/api/v1/auth/api-keys",
        json={"name": "fuzz", "scopes": ["admin:*"]},
        headers={"Authorization": f"Bearer {gateway.token}"},
    ) as answer:
        answer.raise_for_status()
        return {"X-API-Key": (await answer.json())["data"]["key"]}


async def _lives(http: aiohttp.ClientSession, url: str, key: Mapping[str, str]) -> bool:
    async with http.get(f"{url}/api/auth/me", headers=key) as answer:
        return answer.status == 200


async def _run(one: Pass, folder: Path, url: str, generated: Mapping[str, float]) -> dict[str, Any]:
    """The report of a run of Schemathesis, which shows its progress."""
    place = folder / secrets.token_hex(4)
    place.mkdir(parents=True)
    (place / "openapi.json").write_text(json.dumps(one.document))
    (place / "schemathesis.toml").write_text(
        "[auth]\nauto-signup = false\n"
    )  # it would add users, and be them
    options = {
        "--url": url,
        "--phases": one.phases,
        "--checks": ",".join(one.checks),
        **{name: str(value) for name, value in generated.items()},
        "--workers": "2",
        "--request-timeout": str(PATIENCE_SECONDS),
        "--generation-database": "none",
        "--suppress-health-check": "all",
        "--warnings": "off",
        "--report": "json",
        "--report-json-path": "report.json",
    }
    arguments = [part for option in options.items() for part in option]
    arguments += [part for name, value in one.credential.items() for part in ("--header", f"{name}: {value}")]
    arguments += [part for name in one.left_out for part in ("--exclude-operation-id", name)]
    command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, "--no-shrink", "--continue-on-failure", cwd=place
    )
    await process.wait()
    report = place / "report.json"
    if not report.exists():
        raise RuntimeError(f"Schemathesis ended with {process.returncode}; what it said stands above.")
    return dict(json.loads(report.read_text()))


def _failures(report: Mapping[str, Any]) -> list[str]:
    """One sentence for each kind of failure and for each error of the run itself."""
    told = [
        f"{failure['title']}: {failure['count']} times, {json.dumps(failure['operations'])[:2000]}"
        for failure in report["failures"]
    ]
    return told + [f"the run had an error: {json.dumps(error)[:500]}" for error in report["errors"]]
