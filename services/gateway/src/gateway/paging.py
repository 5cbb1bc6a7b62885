"""Which page of a list is asked for: `?page=&per_page=`, as seed 001 has it."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.messages import Reason
from gateway.answers.paging import Paged
from gateway.errors import violated

MAX_PAGE = 100_000
MAX_PER_PAGE = 100


@dataclass(frozen=True)
class Page:
    """A page, counted from 1, of so many entries."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def of(self, total: int) -> Paged:
        """What a list says of itself: go on while `page` is less than `pages`."""
        return {"total": total, "page": self.number, "per_page": self.size, "pages": -(-total // self.size)}


def read_page(query: Mapping[str, str], *, size: int) -> Page:
    """The page that a query asks for. Raises `Refusal` (422)."""
    number = _number(query.get("page", "1"), "page", MAX_PAGE)
    return Page(number, _number(query.get("per_page", str(size)), "per_page", MAX_PER_PAGE))


def _number(text: str, name: str, most: int) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:10]) <= most:
        return int(text[:10])
    raise violated([Reason(code="number_out_of_range", field=name, message=f"Must be 1 to {most}.")])
