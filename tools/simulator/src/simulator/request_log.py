"""Every request to the shop, reads and writes alike, in the shop's own file: what a contract test counts."""

from dataclasses import dataclass

from simulator.database import insert
from simulator.shop import Shop

PAGE = 1000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as logged. `entities` were written or listed, `status` 0 means that no answer was sent."""

    method: str
    path: str
    query: str
    status: int
    entities: int
    seconds: float
    bytes_in: int


def log_request(shop: Shop, at: str, request: LoggedRequest) -> None:
    """Write one line of the log."""
    insert(
        shop.connection,
        "requests",
        at=at,
        method=request.method,
        path=request.path,
        query=request.query,
        status=request.status,
        entities=request.entities,
        seconds=round(request.seconds, 6),
        bytes_in=request.bytes_in,
    )


def logged_since(shop: Shop, since_id: int) -> list[dict[str, object]]:
    """Up to 1000 lines after that id, oldest first."""
    statement = "SELECT * FROM requests WHERE id > ? ORDER BY id LIMIT ?"
    return [dict(row) for row in shop.connection.execute(statement, (since_id, PAGE))]
