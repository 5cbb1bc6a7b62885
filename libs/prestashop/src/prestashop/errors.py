"""What can go wrong with a request, one class per thing that the caller does next.

``sent`` tells whether the shop may have begun to work on the request: when it is false, surely nothing was
written. The first line of a class's docstring is the beginning of its message. No error carries the key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Complaint:
    """One ``<error>`` of an answer: PrestaShop's own code and its message."""

    code: int | None
    message: str

    @property
    def from_php(self) -> bool:
        """Whether PHP complains rather than the shop, which says nothing about what was written.

        Measured: 8.2.1 turns a warning into 500/3 and has not written the product; 1.7.8.11 with notices
        on answers 500/5 to nearly every write and has written the product.
        """
        return self.message.startswith("[PHP ")

    @property
    def is_notice(self) -> bool:
        """Whether it is the least that PHP complains about, which stops no write (1.7.8.11, code 5)."""
        return self.message.startswith("[PHP Notice")


class ShopError(Exception):
    """The shop did not do what it was asked."""

    sent: ClassVar[bool] = True

    def __init__(self, detail: str = "") -> None:
        sentence = (type(self).__doc__ or "").partition("\n")[0].removesuffix(".")
        super().__init__(f"{sentence}: {detail}" if detail else sentence)


class ShopUnreachable(ShopError):
    """No connection to the shop could be made.

    Nothing was sent. Try again later, the same request.
    """

    sent = False


class ShopTimeout(ShopError):
    """The shop did not answer in time.

    It may still be working: a write may have happened, may yet happen, or not.
    """


class ShopAnswerLost(ShopError):
    """The request was sent, its answer never arrived.

    The connection broke, or a gateway gave up (502, 504). A write may have happened, may yet happen, or not.
    """


class ShopCrashed(ShopError):
    """The shop broke off while it worked on the request.

    A 500 without PrestaShop's own error, mostly with an empty body: a deadlock, a conflict in the database, a
    parent category that does not exist, a fault of a module. The shop has stopped working on the request, so
    that a look-up tells for good what was written. ``reading``: it was a GET, so that no entity is to blame.
    """

    def __init__(self, detail: str = "", *, reading: bool = False) -> None:
        self.reading = reading
        super().__init__(detail)


class ShopRefusal(ShopError):
    """The shop refused.

    The answer holds PrestaShop's own errors; the same request will be refused again.
    """

    def __init__(self, status: int, complaints: Sequence[Complaint]) -> None:
        self.status = status
        self.complaints = tuple(complaints)
        chief = next((c for c in complaints if not c.from_php), complaints[0])
        self.code = chief.code
        self.message = chief.message
        self.from_php = chief.from_php
        self.only_notices = all(complaint.is_notice for complaint in complaints)
        super().__init__(f"{status}, code {chief.code}, {chief.message}")


class ShopMethodNotAllowed(ShopError):
    """The shop or the rights of the key do not allow this method on this resource.

    PATCH on PrestaShop 1.7, POST on stock_availables, a key without the right (405, codes 23, 25, 101).
    It says nothing about the entities.
    """

    sent = False


class ShopAuthFailed(ShopError):
    """The shop does not accept the key.

    Unknown, switched off, or without any right on the resource (401). Somebody has to set it right.
    """

    sent = False


class ShopThrottled(ShopError):
    """The shop asks for fewer requests.

    429. ``retry_after`` is the wait that it asks for, in seconds, where it names one.
    """

    sent = False

    def __init__(self, retry_after: float | None = None, detail: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class ShopUnavailable(ShopThrottled):
    """The shop is closed for now.

    503: maintenance, webservice switched off (code 22), too much work.
    """


class ShopRedirected(ShopError):
    """The shop redirects: the address must be the shop's own domain.

    PrestaShop answers 302 to its front page, also to a POST, when the Host is not the domain that the shop is
    configured with, or when the shop id does not exist. Redirects are never followed.
    """

    sent = False


class ShopBlocked(ShopError):
    """Something in front of the webservice answered instead of it.

    A firewall, a limit on the size of the body (413), or an address where there is no webservice.
    ``reading``: it was a GET, so that no entity is to blame.
    """

    sent = False

    def __init__(self, status: int, detail: str = "", *, reading: bool = False) -> None:
        self.status = status
        self.reading = reading
        super().__init__(f"{status} {detail}".rstrip())


class ShopAnswerUnreadable(ShopError):
    """The shop answered something that cannot be read.

    A page of HTML with 200, an empty 201, XML that is not well-formed because a text contains ``]]>``, an
    answer beyond the size limit. ``accepted``: the status was 2xx and the webservice itself answered.
    ``reading``: something else answered a GET, so that no entity is to blame.
    """

    def __init__(self, detail: str = "", *, accepted: bool = False, reading: bool = False) -> None:
        self.accepted = accepted
        self.reading = reading
        super().__init__(detail)
