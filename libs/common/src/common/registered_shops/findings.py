"""What the check of a shop asks and finds: the writer knows what is needed and tells the gateway."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

CHECK_PATH = "/internal/shops/check"
"""Where the writer offers it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CheckWanted(_Frozen):
    """Body of `POST /internal/shops/check`. The key travels as it lies in the database."""

    tenant: str
    shop: str
    url: str
    sealed_key: str


class MissingRight(_Frozen):
    """What the webservice key may not do, what that is needed for, and where to allow it.

    Without a `required` one nothing is written to the shop; without another only what needs it is refused.
    """

    resource: str
    verbs: tuple[str, ...]
    needed_for: str
    required: bool
    fix: str


class ShopProblem(_Frozen):
    """Why the shop could not be asked: which of the two is to be set right, and how."""

    field: Literal["url", "key"]
    message: str


class ShopFindings(_Frozen):
    """What a shop can do: in words, from the rights of its key. With a `problem` nothing else is known."""

    version: str = ""
    languages: tuple[str, ...] = ()  # ISO codes
    can: tuple[str, ...] = ()
    missing: tuple[MissingRight, ...] = ()
    problem: ShopProblem | None = None
