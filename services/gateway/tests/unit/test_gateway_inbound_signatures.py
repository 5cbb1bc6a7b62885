"""Which deliveries of an ERP are believed, and what their events mean."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from common.messages import Intent
from gateway.dialects import gesmart
from gateway.drafts import Draft, RefusedItem
from gateway.errors import Refusal
from gateway.inbound.signatures import NotVouched, read_claim, voucher
from gateway.inbound.sources import InboundSource, distinct

NOW = 1_790_000_000
SECRET, NEXT, OTHER = (
    "hV4pTz8KqRw2Lm6NbXc9Jd3FsGy7Ua5E",
    "Qe7Yt3Lk9Wz5Rb1Nc8Mv4Xj6Hp2Sd0Fg",
    "Zx2Cv6Bn0Ml4Kj8Hg3Fd7Sa1Qw5Er9Ty",
)
STANDARD_KEY = bytes(range(40, 72))
STANDARD = "whsec_" + base64.b64encode(STANDARD_KEY).decode()
ERP = InboundSource(name="erp", shop="milano", secrets=(SecretStr(SECRET), SecretStr(NEXT)))
TILL = InboundSource(name="till", shop="roma", secrets=(SecretStr(OTHER), SecretStr(STANDARD)))
SOURCES = (ERP, TILL)


def gesmart_headers(raw: bytes, secret: str = SECRET, at: object = NOW, **more: str) -> dict[str, str]:
    signature = hmac.digest(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hex()
    return {
        "X-GeSmart-Signature": f"sha256={signature}",
        "X-GeSmart-Timestamp": str(at),
        "X-GeSmart-Delivery": "d-1",
        **more,
    }


def standard_headers(raw: bytes, key: bytes = STANDARD_KEY, delivery_id: str = "msg_1") -> dict[str, str]:
    signature = hmac.digest(key, f"{delivery_id}.{NOW}.".encode() + raw, hashlib.sha256)
    encoded = base64.b64encode(signature).decode()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(NOW),
        "webhook-signature": f"v1,AAAA v1a,ignored v1,{encoded}",
    }


def source_of(headers: Mapping[str, str], raw: bytes) -> InboundSource | None:
    return voucher(read_claim(headers, NOW), raw, SOURCES)


@given(st.binary(max_size=50))
def test_what_a_secret_has_signed_is_its_source_s(raw: bytes) -> None:
    assert source_of(gesmart_headers(raw), raw) == ERP
    assert source_of(gesmart_headers(raw, NEXT), raw) == ERP
    assert source_of(gesmart_headers(raw, OTHER), raw) == TILL
    assert source_of(standard_headers(raw), raw) == TILL
    assert source_of(standard_headers(raw, SECRET.encode()), raw) == ERP


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_another_body_is_nobody_s(raw: bytes, other: bytes) -> None:
    for headers in (gesmart_headers(raw), standard_headers(raw)):
        assert (source_of(headers, other) is None) == (raw != other)


def test_another_time_id_or_secret_is_nobody_s() -> None:
    moved = gesmart_headers(b"{}") | {"X-GeSmart-Timestamp": str(NOW + 1)}
    renamed = standard_headers(b"{}") | {"webhook-id": "msg_2"}
    assert source_of(moved, b"{}") is None
    assert source_of(renamed, b"{}") is None
    assert source_of(gesmart_headers(b"{}", "k" * 32), b"{}") is None


@pytest.mark.parametrize("at", [NOW - 300, NOW + 300, f"0{NOW}"])
def test_five_minutes_are_tolerated(at: object) -> None:
    assert source_of(gesmart_headers(b"{}", at=at), b"{}") == ERP


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"X-GeSmart-Timestamp": str(NOW - 301)}, "timestamp_stale"),
        ({"X-GeSmart-Timestamp": str(NOW + 301)}, "timestamp_stale"),
        ({"X-GeSmart-Timestamp": str(NOW * 1000)}, "timestamp_form"),
        ({"X-GeSmart-Timestamp": "1e9"}, "timestamp_form"),
        ({"X-GeSmart-Timestamp": "-1"}, "timestamp_form"),
        ({"X-GeSmart-Timestamp": "١٧٩"}, "timestamp_form"),
        ({"X-GeSmart-Signature": "sha256=abc"}, "signature_form"),
        ({"X-GeSmart-Signature": "md5=" + "a" * 64}, "signature_form"),
        ({"X-GeSmart-Signature": ""}, "signature_form"),
        ({"X-GeSmart-Delivery": ""}, "delivery_id_form"),
        ({"X-GeSmart-Delivery": "x" * 256}, "delivery_id_form"),
    ],
)
def test_headers_without_form_are_refused_with_their_name(changed: dict[str, str], code: str) -> None:
    with pytest.raises(NotVouched) as refused:
        read_claim(gesmart_headers(b"{}") | changed, NOW)
    assert (refused.value.code, refused.value.header) == (code, next(iter(changed)))


@pytest.mark.parametrize("missing", ["X-GeSmart-Signature", "X-GeSmart-Timestamp", "X-GeSmart-Delivery"])
def test_a_missing_header_is_named(missing: str) -> None:
    headers = {name: value for name, value in gesmart_headers(b"{}").items() if name != missing}
    with pytest.raises(NotVouched) as refused:
        read_claim(headers, NOW)
    assert (refused.value.code, refused.value.header) == ("header_missing", missing)


@pytest.mark.parametrize(
    "secrets", [(), ("4g7Kq",), ("a" * 32,), (SECRET, NEXT, OTHER), ("whsec_!" + "Qe7Yt3Lk9Wz5Rb1Nc8Mv4Xj6",)]
)
def test_weak_secrets_keep_the_service_from_starting(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as error:
        InboundSource(name="erp", shop="milano", secrets=tuple(SecretStr(secret) for secret in secrets))
    assert all(secret not in str(error.value) for secret in secrets)


def test_two_sources_must_not_share_a_name_or_a_secret() -> None:
    distinct(SOURCES)
    with pytest.raises(ValueError, match="same name"):
        distinct((ERP, ERP))
    with pytest.raises(ValueError, match="stands there twice"):
        distinct((ERP, ERP.model_copy(update={"name": "again"})))


# ── what a delivery asks for ──

PRODUCT: dict[str, Any] = {"reference": "A", "name": "A", "price": 1, "quantity": 1}


@pytest.mark.parametrize(
    ("event", "intent"),
    [
        ("product.created", Intent.UPSERT),
        ("product.updated", Intent.UPDATE),
        ("product.deleted", Intent.DELETE),
    ],
)
def test_an_event_says_what_is_meant(event: str, intent: Intent) -> None:
    for body in (PRODUCT, [PRODUCT], {"products": [PRODUCT]}):
        [entry] = gesmart.read_delivery(body, event).entries
        assert isinstance(entry, Draft)
        assert (entry.intent, entry.reference) == (intent, "A")
    [entry] = gesmart.read_delivery({"type": event, "data": PRODUCT}, None).entries
    assert entry.intent is intent


@pytest.mark.parametrize(
    "body",
    [
        {"type": "product.updated", "data": PRODUCT},
        {"type": "product.exploded", "data": PRODUCT},
        {"type": "product.updated", **PRODUCT},
    ],
)
def test_a_header_that_nobody_signed_makes_no_deletion_of_what_was_signed(body: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        gesmart.read_delivery(body, "product.deleted")
    assert (refused.value.status, refused.value.code) == (422, "event_differs")
    assert refused.value.details[0].field == "X-GeSmart-Event"


def test_a_header_that_agrees_with_what_was_signed_is_taken() -> None:
    body = {"type": "product.updated", "data": PRODUCT}
    [entry] = gesmart.read_delivery(body, "product.updated").entries
    assert entry.intent is Intent.UPDATE
    [entry] = gesmart.read_delivery({"type": "simple", **PRODUCT}, "product.deleted").entries
    assert entry.intent is Intent.DELETE  # `type` is no event there


def test_a_deletion_reads_nothing_but_which_product() -> None:
    [entry] = gesmart.read_delivery({"reference": "A", "price": "no number"}, "product.deleted").entries
    assert isinstance(entry, Draft)
    assert entry.fields == {}


def test_a_product_that_says_itself_what_is_meant_is_believed() -> None:
    [entry] = gesmart.read_delivery(PRODUCT | {"operation": "create"}, "product.updated").entries
    assert entry.intent is Intent.CREATE
    [refused] = gesmart.read_delivery(PRODUCT, None).entries
    assert isinstance(refused, RefusedItem)
    assert refused.reasons[0].field == "operation"


@pytest.mark.parametrize(
    ("body", "event", "status"),
    [
        ([], "product.updated", 422),
        ("text", "product.updated", 400),
        ([1], "product.updated", 400),
        ([PRODUCT] * 201, "product.updated", 413),
        (PRODUCT, "product.exploded", 422),
    ],
)
def test_a_body_that_is_no_delivery_is_refused(body: Any, event: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        gesmart.read_delivery(body, event)
    assert refused.value.status == status
