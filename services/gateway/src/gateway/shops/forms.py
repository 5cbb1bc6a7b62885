"""What is sent about shops: read with every violation and its field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from yarl import URL

from common.http.addresses import UnusableUrl, check_url
from common.messages import Reason
from common.shops import ShopTerms
from gateway.errors import Refusal, unreadable, violated
from gateway.strict_json import Json

LONGEST_ID = 40
ONE_LINE = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"

ShopId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["milano"])]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE, examples=["Acme Milano"])]
Url = Annotated[
    str,
    Field(
        max_length=2048,
        description="The shop's own address; any other host name is redirected by the shop.",
        examples=["https://shop.example.com"],
    ),
]
WebserviceKey = Annotated[
    SecretStr,
    Field(
        min_length=8,
        max_length=128,
        description="Webservice key, made in the shop's back office. It is shown no more.",
        examples=["9DV2UJM8C4RX7ZKPL3BNQ6TWHY5GFA1E"],
    ),
]


class TermsWanted(ShopTerms):
    """How the shop wants to be treated; what is left out stays as it is, at first at its default."""

    model_config = ConfigDict(strict=True)

    request_timeout_seconds: float = Field(
        20, ge=1, le=50, description="A request that takes longer is given up."
    )
    late_commit_seconds: float = Field(
        120,
        ge=0,
        le=3600,
        description="Longest time in which the shop may still write a request that we gave up.",
    )
    requests_per_minute: float = Field(
        0,
        ge=0,
        le=100_000,
        description="Requests in a minute, of each service; 0 for as many as the shop bears.",
    )
    home_category: int = Field(
        2, ge=1, le=2**31 - 1, description="Category of a product for which none was given."
    )


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class NewShop(_Form):
    """A shop to be registered. Without an `id` it gets one from its name."""

    id: ShopId | None = None
    name: Name
    url: Url
    key: WebserviceKey
    test: bool = Field(
        False,
        description="A test shop, for `pm_test_` keys: only at the address of a test shop of the operator.",
    )
    settings: TermsWanted = TermsWanted()


class ShopChange(_Form):
    """What is to change; what is left out stays. Another address needs the key again."""

    name: Name = ""
    url: Url = ""
    key: WebserviceKey = SecretStr("")
    settings: TermsWanted = TermsWanted()


F = TypeVar("F", NewShop, ShopChange)


@dataclass(frozen=True)
class AddressRules:
    """Which addresses a tenant may give. `test_addresses` are those of the operator's test shops."""

    allow_http: bool
    allow_private: bool
    test_addresses: frozenset[str]


def read_shop(body: Json, form: type[F]) -> F:
    """Raises `Refusal`: 400, 422."""
    if not isinstance(body, dict):
        raise unreadable(f"The body must be a JSON object with {', '.join(form.model_fields)}.")
    try:
        return form.model_validate(body)
    except ValidationError as error:
        known = ", ".join(form.model_fields)
        raise violated([_reason(wrong, known) for wrong in error.errors(include_input=False)]) from None


def read_address(text: str, rules: AddressRules, *, test: bool) -> str:
    """The address as it is kept: without `/api`, query or a slash at its end. Raises `Refusal` (422)."""
    try:
        url = check_url(text, allow_http=rules.allow_http, allow_private=rules.allow_private)
    except UnusableUrl as error:
        raise _about_url(str(error)) from None
    if url.query_string:
        raise _about_url("the address of a shop holds no query")
    address = plain_address(str(url))
    if test and address not in rules.test_addresses:
        message = (
            "A test shop is one that the operator has set up for tests; leave test out for your own shop."
        )
        raise violated([Reason(code="value_invalid", field="test", message=message)])
    return address


def plain_address(url: str) -> str:
    """An address in the one spelling in which two are compared."""
    try:
        return str(URL(url)).rstrip("/").removesuffix("/api").rstrip("/")
    except ValueError:
        return url


def ids_for(wanted: NewShop) -> Iterator[str]:
    """The id that is asked for, else those that a name may become: `milano`, `milano-2`, …"""
    if wanted.id is not None:
        yield wanted.id
        return
    plain = re.sub(r"[^a-z0-9]+", "-", wanted.name.lower()).strip("-")[: LONGEST_ID - 4].strip("-") or "shop"
    yield plain
    for number in range(2, 1000):
        yield f"{plain}-{number}"


def stated_terms(terms: TermsWanted) -> dict[str, Any]:
    """What was said, as it is kept."""
    return terms.model_dump(mode="json", exclude_unset=True)


_PROBLEMS = {
    ("id", "string_pattern_mismatch"): "at most 40 lower-case letters, digits, - and _, no - or _ first",
    ("name", "string_pattern_mismatch"): "a text in one line",
    ("key", "too_short"): "the webservice key has at least 8 characters",
    ("key", "too_long"): "the webservice key has at most 128 characters",
    ("settings", "model_type"): "an object with what is to be said",
}
"""Sentences where pydantic's would not help."""


def _about_url(problem: str) -> Refusal:
    return violated(
        [Reason(code="value_invalid", field="url", message=f"{problem[0].upper()}{problem[1:]}.")]
    )


def _reason(wrong: Mapping[str, Any], known: str) -> Reason:
    path: Sequence[object] = wrong["loc"]
    field = ".".join(map(str, path))[:100]
    if wrong["type"] == "missing":
        return Reason(code="field_missing", field=field, message=f"{field} is required.")
    if wrong["type"] == "extra_forbidden":
        names = ", ".join(TermsWanted.model_fields) if len(path) > 1 else known
        return Reason(code="field_unknown", field=field, message=f"Known are {names}.")
    problem = _PROBLEMS.get((field, wrong["type"])) or str(wrong["msg"]).removeprefix("Value error, ")
    return Reason(code="value_invalid", field=field, message=f"{field}: {problem}.")
