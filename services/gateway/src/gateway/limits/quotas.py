"""The quotas of addresses and credentials, in the memory of this replica."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from aiohttp import web

from gateway.access.caller import Caller
from gateway.errors import Refusal
from gateway.limits.quota import BYTES, ITEMS, REQUESTS, Policy, Standing, limit_field, policy_field, take
from gateway.settings import GatewaySettings

MAX_CALLERS = 100_000
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"

SOURCE = "source"  # apart from tenants, which are the first part of a user's credential as well
ADDRESS = web.RequestKey("address", str)
STANDINGS = web.RequestKey("standings", dict[str, Standing])
"""Where the request's caller stands, by policy: told in the answer."""


class Quota:
    """One policy, for many callers; of more than `MAX_CALLERS` those seen least recently are forgotten."""

    def __init__(self, policy: Policy, clock: Callable[[], float], max_callers: int = MAX_CALLERS) -> None:
        self.policy = policy
        self._clock = clock
        self._max_callers = max_callers
        self._whole_at: OrderedDict[Hashable, float] = OrderedDict()

    def take(self, who: Hashable, units: int) -> Standing:
        """Take units for a caller; none where they are not all there."""
        now = self._clock()
        whole_at, standing = take(self.policy, self._whole_at.get(who, 0.0), units, now)
        self._whole_at[who] = whole_at
        self._whole_at.move_to_end(who)
        while len(self._whole_at) > self._max_callers:
            self._whole_at.popitem(last=False)
        return standing


class Quotas:
    """Asked before a request is read, and once it is known how many items it brings.

    A credential's quota is asked before that of its address: who has used up the own takes nothing from
    others there.
    """

    def __init__(self, settings: GatewaySettings, clock: Callable[[], float]) -> None:
        def quota(name: str, units: int, unit: str = REQUESTS) -> Quota:
            return Quota(Policy(name, units, settings.quota_window_seconds, unit), clock)

        self._address_requests = quota("address", settings.quota_address_max_requests)
        self._address_items = quota("address-items", settings.quota_address_max_items, ITEMS)
        self._address_bytes = quota("address-bytes", settings.quota_address_max_bytes, BYTES)
        self._requests = quota("requests", settings.quota_max_requests)
        self._items = quota("items", settings.quota_max_items, ITEMS)
        self._bytes = quota("bytes", settings.quota_max_bytes, BYTES)

    def arrive(self, request: web.Request, address: str) -> None:
        """A request has come from there. Raises `Refusal` (429).

        Bytes whose number is not announced are counted as they come: `count_bytes`.
        """
        request[ADDRESS] = address
        _refuse_beyond(request, self._address_requests.take(address, 1))
        _refuse_beyond(request, self._address_bytes.take(address, _announced(request, self._address_bytes)))

    def use(self, request: web.Request, caller: Caller) -> None:
        """The request is this caller's. Raises `Refusal` (429)."""
        who = _credential(caller)
        _note(request, self._requests.take(who, 1))
        _note(request, self._items.take(who, 0))
        _note(request, self._bytes.take(who, _announced(request, self._bytes)))

    def count_bytes(self, request: web.Request, caller: Caller, count: int) -> None:
        """So many bytes have come that nobody announced. Raises `Refusal` (429)."""
        _note(request, self._bytes.take(_credential(caller), count))
        self.count_bytes_of_address(request, count)

    def count_bytes_of_address(self, request: web.Request, count: int) -> None:
        """The same, where it is not known yet who calls."""
        _refuse_beyond(request, self._address_bytes.take(request[ADDRESS], count))

    def count_items(self, request: web.Request, caller: Caller, count: int) -> None:
        """The request brings so many items. Raises `Refusal` (429)."""
        _note(request, self._items.take(_credential(caller), count))
        _refuse_beyond(request, self._address_items.take(request[ADDRESS], count))

    def use_signed(self, request: web.Request, source: str, size: int) -> None:
        """This source, whose secret is its credential, vouches for the request. Raises `Refusal` (429)."""
        _refuse_beyond(request, self._requests.take((SOURCE, source), 1))
        _refuse_beyond(request, self._bytes.take((SOURCE, source), size))

    def count_signed_items(self, request: web.Request, source: str, count: int) -> None:
        """As `count_items`, for what this source vouches for."""
        _refuse_beyond(request, self._items.take((SOURCE, source), count))
        _refuse_beyond(request, self._address_items.take(request[ADDRESS], count))


def _credential(caller: Caller) -> Hashable:
    return caller.api_key_id or (caller.tenant, caller.subject)


def _announced(request: web.Request, quota: Quota) -> int:
    """The bytes that are announced; 0 where they are refused for themselves, not for what came before."""
    announced = request.content_length or 0
    return 0 if announced > quota.policy.quota else announced


def _note(request: web.Request, standing: Standing) -> None:
    _refuse_beyond(request, standing)
    request.setdefault(STANDINGS, {})[standing.policy.name] = standing


def _refuse_beyond(request: web.Request, standing: Standing) -> None:
    if standing.is_exceeded:
        raise _exceeded(request, standing)


def _exceeded(request: web.Request, standing: Standing) -> Refusal:
    request.setdefault(STANDINGS, {})[standing.policy.name] = standing
    policy = standing.policy
    return Refusal(
        429,
        "quota_exceeded",
        f"The quota of {policy.quota} {policy.unit} in {policy.window_seconds} seconds is used up; "
        f"try again in {standing.seconds} seconds.",
        headers={"Retry-After": str(standing.seconds)},
        problem={"type": QUOTA_EXCEEDED, "violated-policies": [policy.name]},
    )


async def tell_standings(request: web.Request, response: web.StreamResponse) -> None:
    """A signal of the application: every answer says where its caller stands."""
    if standings := request.get(STANDINGS):
        response.headers["RateLimit-Policy"] = policy_field(standings.values())
        response.headers["RateLimit"] = limit_field(standings.values())
