"""An authenticated caller."""

from dataclasses import dataclass

from gateway.access.scopes import Scope


@dataclass(frozen=True)
class Caller:
    """Who calls. Everything that it sees and changes is its tenant's, and needs one of its scopes.

    `test` says which shops it works with: True test shops alone (`pm_test_` keys), False all others
    (`pm_live_` keys), None either (users who have logged in).
    """

    subject: str  # the user's id; of an API key, that of the user who made it
    tenant: str
    scopes: frozenset[Scope] = frozenset()
    test: bool | None = None
    api_key_id: str | None = None

    def works_with(self, *, test_shop: bool) -> bool:
        """Whether a shop of this kind is one of its own."""
        return self.test is None or self.test == test_shop
