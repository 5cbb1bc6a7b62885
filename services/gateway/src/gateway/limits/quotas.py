"""The quotas of addresses and credentials, in the memory of this replica."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from aiohttp import web

from gateway.access.caller import Caller
from gateway.errors import Refusal
from gateway.limits.quota import BYTES, ITEMS, Policy, Standing, limit_field, policy_field, take
from gateway.settings import GatewaySettings

MAX_CALLERS = 100_000
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"

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
    """Asked before a request is read, and once it is known how many items it brings."""

    def __init__(self, settings: GatewaySettings, clock: Callable[[], float]) -> None:
        window = settings.quota_window_seconds
        self._addresses = Quota(Policy("address", settings.quota_address_max_requests, window), clock)
        self._requests = Quota(Policy("requests", settings.quota_max_requests, window), clock)
        self._items = Quota(Policy("items", settings.quota_max_items, window, ITEMS), clock)
        self._bytes = Quota(Policy("bytes", settings.quota_max_bytes, window, BYTES), clock)

    def arrive(self, request: web.Request, address: str) -> None:
        """A request has come from there. Raises `Refusal` (429)."""
        standing = self._addresses.take(address, 1)
        if standing.is_exceeded:
            raise _exceeded(request, standing)

    def use(self, request: web.Request, caller: Caller) -> None:
        """The request is this caller's. Raises `Refusal` (429).

        Bytes whose number is not announced are counted as they come: `count_bytes`.
        """
        _note(request, self._requests.take(_credential(caller), 1))
        _note(request, self._items.take(_credential(caller), 0))
        announced = request.content_length or 0
        too_long = announced > self._bytes.policy.quota  # refused for itself, not for what came before
        _note(request, self._bytes.take(_credential(caller), 0 if too_long else announced))

    def count_bytes(self, request: web.Request, caller: Caller, count: int) -> None:
        """So many bytes have come that nobody announced. Raises `Refusal` (429)."""
        _note(request, self._bytes.take(_credential(caller), count))

    def count_items(self, request: web.Request, caller: Caller, count: int) -> None:
        """The request brings so many items. Raises `Refusal` (429)."""
        _note(request, self._items.take(_credential(caller), count))


def _credential(caller: Caller) -> Hashable:
    return caller.api_key_id or (caller.tenant, caller.subject)


def _note(request: web.Request, standing: Standing) -> None:
    if standing.is_exceeded:
        raise _exceeded(request, standing)
    request.setdefault(STANDINGS, {})[standing.policy.name] = standing


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
