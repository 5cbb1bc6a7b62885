"""One operation: a method and a path, who may call it, what it reads and what it answers.

What is read and answered is told by types that pydantic knows, so that the schemas in the document are those
of the code: `TypedDict`s for answers, models or types made from the tables of fields for bodies.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from gateway.access.scopes import Scope


class Open(StrEnum):
    """Who may call an operation that needs no scope."""

    TO_ALL = "to all"  # without a credential
    TO_CALLERS = "to callers"  # with any credential
    TO_OPERATOR = "to operator"  # with the token of whoever runs the gateway


class Tag(StrEnum):
    """Under which heading an operation stands; each has a line in `ABOUT_TAGS`."""

    LOGIN = "Login"
    PRODUCTS = "Products, one or a batch"
    BULK = "Products in bulk"
    PICTURES = "Pictures"
    INBOUND = "Webhooks of an ERP"
    WEBHOOKS = "Webhooks"
    SHOPS = "Shops"
    API_KEYS = "API keys"
    USERS = "Users"
    DOCUMENTS = "Documents"
    DEAD_LETTERS = "Dead letters"
    HEALTH = "Health"


ABOUT_TAGS: Mapping[Tag, str] = {
    Tag.PRODUCTS: "One product or up to 200, with the result where it comes in time.",
    Tag.BULK: "A whole catalogue, cut into chunks of 50 items; progress is asked for or told by webhooks.",
    Tag.PICTURES: "Bytes that are sent ahead, so that products only name them.",
    Tag.WEBHOOKS: "Who is told what became of products, and what was delivered.",
    Tag.SHOPS: "Where products are brought to.",
    Tag.INBOUND: "Products that an ERP tells by itself, vouched for by a signature.",
    Tag.LOGIN: "Tokens for people and programs.",
    Tag.API_KEYS: "Credentials for machines.",
    Tag.USERS: "Who can log in.",
    Tag.DEAD_LETTERS: "Messages that no service could handle: looked at, edited, sent back, discarded.",
    Tag.DOCUMENTS: "What there is, for people and programs.",
    Tag.HEALTH: "Whether the service is there and can work.",
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A part of the path or the query, or a header. One in the path is always required."""

    name: str
    place: Literal["path", "query", "header"]
    description: str
    kind: Any = str
    example: Any = None
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is read. `examples` are by their titles, and work as they stand."""

    kind: Any
    examples: Mapping[str, Any] = field(default_factory=dict)
    content_type: str = "application/json"
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered with one status. `kind` is None where there is no body."""

    description: str
    kind: Any = None
    example: Any = None
    headers: Sequence[str] = ()
    content_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What stands behind a method and a path.

    `answers` are those that went well, by status. `refusals` say when an operation of its own refuses; those
    that go without saying are in `gateway.openapi.refusals`: of every operation, of a body, a query, a path.
    """

    method: str
    path: str
    operation_id: str
    tag: Tag
    scope: Scope | Open
    summary: str
    operator_too: bool = False  # with the operator's token, without a caller and so without a tenant
    description: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    answers: Mapping[int, Answer] = field(default_factory=dict)
    refusals: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_open_to_all(self) -> bool:
        """Whether nobody needs to say who calls."""
        return self.scope is Open.TO_ALL

    @property
    def needed_scopes(self) -> frozenset[Scope]:
        """The scope that a caller needs, in a set; empty where any credential will do."""
        return frozenset({self.scope}) if isinstance(self.scope, Scope) else frozenset()


class Operations:
    """All operations of a service, by method and path."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_place: dict[tuple[str, str], Operation] = {}
        self._by_id: dict[str, Operation] = {}
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        place = (operation.method, operation.path)
        if place in self._by_place:
            raise ValueError(f"{operation.method} {operation.path} has two operations.")
        if operation.operation_id in self._by_id:
            raise ValueError(f"Two operations are called {operation.operation_id}.")
        self._by_place[place] = self._by_id[operation.operation_id] = operation

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._by_place.values())

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a route, `path` with its names in braces; None where nobody says what it is.

        HEAD is what GET is, unless it has an operation of its own.
        """
        found = self._by_place.get((method, path))
        return self._by_place.get(("GET", path)) if found is None and method == "HEAD" else found
