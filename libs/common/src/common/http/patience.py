"""How long a client may keep a server waiting. Pure: told once a second whose turn it is."""

from dataclasses import dataclass
from enum import StrEnum


class Turn(StrEnum):
    """What a connection waits for. In all but the first it is the client's turn."""

    SERVER = "server"
    HEADERS = "headers"  # the rest of a request's head; on a new connection, all of it
    BODY = "body"
    ANSWER = "answer"  # that the client reads what was sent
    IDLE = "idle"  # for a further request on the same connection
    END = "end"  # given up: the last answer is still to be read


@dataclass(frozen=True)
class ClientLimits:
    """What clients may take of a server: time in each turn, and connections."""

    headers_seconds: float = 10.0
    body_seconds: float = 30.0
    body_bytes_per_second: int = 16 * 1024
    answer_seconds: float = 30.0
    idle_seconds: float = 75.0
    connections: int = 800

    def seconds(self, turn: Turn, received: int) -> float:
        """How long this turn may last, `received` bytes into it."""
        match turn:
            case Turn.HEADERS:
                return self.headers_seconds
            case Turn.BODY:
                return self.body_seconds + received / self.body_bytes_per_second
            case Turn.ANSWER:
                return self.answer_seconds
            case Turn.IDLE:
                return self.idle_seconds
            case Turn.END:
                return END_SECONDS
            case Turn.SERVER:
                return float("inf")


END_SECONDS = 5.0


@dataclass
class Patience:
    """Counts the seconds in which it was the client's turn."""

    limits: ClientLimits
    waited: float = 0.0
    _turn: Turn = Turn.HEADERS
    _request: int = 0

    def is_over(self, turn: Turn, seconds: float, request: int, received: int) -> bool:
        """Whether the client has had its time.

        It was its turn for the last `seconds`, with the request of that number, of whose head or body
        `received` bytes are here.
        """
        pauses = turn is Turn.SERVER and self._turn is Turn.BODY  # we read slowly: its time stands still
        if pauses and request == self._request:
            return False
        if (turn, request) != (self._turn, self._request):
            self._turn, self._request, self.waited = turn, request, 0.0
        self.waited += seconds
        return self.waited > self.limits.seconds(turn, received)

    def gives_way(self, turn: Turn, request: int, received: int) -> tuple[bool, float, bool] | None:
        """How readily the connection gives way to a newcomer, the greatest first. None where it does not.

        First who has said nothing for longest; then whose body has fallen behind for longest. A body that
        comes as fast as it may be asked to, work and answers are not given up.
        """
        if turn not in (Turn.HEADERS, Turn.IDLE, Turn.BODY):
            return None
        waited = self.waited if (turn, request) == (self._turn, self._request) else 0.0
        if turn is not Turn.BODY:
            return waited > 0, waited, True
        behind = waited - received / self.limits.body_bytes_per_second
        return (False, behind, False) if behind >= 0 else None
