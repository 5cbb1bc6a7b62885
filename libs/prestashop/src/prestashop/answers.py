"""What an answer of the shop means: success, or which of the errors. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from prestashop.errors import (
    Complaint,
    ShopAnswerLost,
    ShopAnswerUnreadable,
    ShopAuthFailed,
    ShopBlocked,
    ShopCrashed,
    ShopError,
    ShopMethodNotAllowed,
    ShopRedirected,
    ShopRefusal,
    ShopThrottled,
    ShopUnavailable,
)
from prestashop.xml import complaints_in, parse

_GATEWAY_GAVE_UP: Final = frozenset({408, 502, 504, *range(520, 528)})
"""Statuses of proxies whose shop did not answer; 520 to 527 are those of content delivery networks."""

_LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0
_HEAD_BYTES: Final = 1000
"""Where an answer says what it is: its root element, or a zero byte, which every picture has there."""

_UPLOADED: Final = re.compile(rb"<image>\s*<id>\s*(?:<!\[CDATA\[)?(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: ``version`` is the header PSWS-Version, with which only the webservice signs.

    ``size`` is the length of the whole answer in bytes, of which ``body`` may be the beginning only.
    """

    status: int
    version: str | None
    body: bytes
    location: str = ""
    retry_after: str = ""
    size: int = 0

    @property
    def is_foreign(self) -> bool:
        """Whether it is surely not the webservice's: not signed, and neither its XML nor a picture.

        A page of maintenance with 200, or nothing at all. A proxy may have dropped the signature.
        """
        head = self.body[:_HEAD_BYTES]
        return self.version is None and b"<prestashop" not in head and b"\0" not in head


def error_of(answer: Answer, *, reading: bool = False) -> ShopError | None:
    """Tell which error an answer is, to a GET when ``reading``; None for 2xx from the webservice."""
    status = answer.status
    if 200 <= status < 300:
        is_foreign = reading and answer.is_foreign
        return ShopAnswerUnreadable("not an answer of the webservice", reading=True) if is_foreign else None
    if 300 <= status < 400:
        return ShopRedirected(f"{status} to {answer.location.partition('?')[0] or 'nowhere'}")
    if status in _GATEWAY_GAVE_UP:
        return ShopAnswerLost(f"status {status}")
    complaints = complaints_in(answer.body)
    if status in {401, 405, 429, 503}:
        return _error_of_request(answer, complaints)
    return _error_of_entities(answer, complaints, reading=reading)


def check_deletion(answer: Answer) -> None:
    """Raise for a page in place of the answer to a DELETE, which has no body (1.7.8.11 and 8.2.1)."""
    if answer.is_foreign and answer.body.strip():
        raise ShopAnswerUnreadable("not an answer of the webservice")


def _error_of_request(answer: Answer, complaints: list[Complaint]) -> ShopError:
    detail = "; ".join(f"code {c.code}, {c.message}" for c in complaints)
    if answer.status == 401:
        return ShopAuthFailed(detail)
    if answer.status == 405:
        return ShopMethodNotAllowed(detail)
    kind = ShopThrottled if answer.status == 429 else ShopUnavailable
    return kind(retry_after_seconds(answer.retry_after), detail)


def _error_of_entities(answer: Answer, complaints: list[Complaint], *, reading: bool) -> ShopError:
    if complaints:
        return ShopRefusal(answer.status, complaints)
    if answer.status >= 500:
        return ShopCrashed(f"status {answer.status}", reading=reading)
    if answer.version is not None:  # a GET of a missing id: 404 and an empty body, signed by the webservice
        message = "not found" if answer.status == 404 else "no reason given"
        return ShopRefusal(answer.status, [Complaint(None, message)])
    return ShopBlocked(answer.status, reading=reading)


def retry_after_seconds(header: str, *, now: datetime | None = None) -> float | None:
    """Read the header Retry-After (RFC 9110, section 10.2.3), seconds or a date; at most an hour."""
    text = header.strip()
    if not text:
        return None
    if text.isdecimal():
        seconds = float(text)
    else:
        try:
            when = parsedate_to_datetime(text)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_SECONDS)


def uploaded_image_id(head: bytes) -> int:
    """Read the id at the beginning of the answer to an upload.

    The id is the first element, the picture in base64 follows and may exceed what an XML parser takes in one
    text (10 MB): therefore not parsed (measured on PrestaShop 8.2.1 and 1.7.8.11).
    """
    found = _UPLOADED.search(head)
    if found is None:
        raise ShopAnswerUnreadable("no image id in the answer to an upload")
    return int(found[1])


def image_ids_in(data: bytes) -> list[int]:
    """Read the ids of a product's pictures: ``<image id="1"><declination id="1"/>...``."""
    return [int(picture.get("id", "0")) for picture in parse(data).iterfind("image/declination")]
