"""What is known of a shop that its tenant has registered, and how its key is kept secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue, SecretStr

from common.messages import ShopRegistered, ShopRemoved
from common.sealing import Sealer
from common.shops import ShopSettings, TenantShop

KNOWN_SETTINGS = frozenset(ShopSettings.model_fields) - {"id", "tenant", "key"}


@dataclass(frozen=True)
class Registration:
    """A registered shop as it lies in a database and travels. `settings` are those of `ShopSettings`.

    Of a removed one no settings and no key are left: its id is never given again.
    """

    tenant: str
    shop: str
    sequence: int  # rises with every change of this shop
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    sealed_key: str = ""
    removed: bool = False

    def message(self) -> ShopRegistered | ShopRemoved:
        """What the other services are told."""
        if self.removed:
            return ShopRemoved(tenant=self.tenant, shop=self.shop, sequence=self.sequence)
        return ShopRegistered(
            tenant=self.tenant,
            shop=self.shop,
            sequence=self.sequence,
            settings=dict(self.settings),
            sealed_key=self.sealed_key,
        )

    @property
    def step(self) -> str:
        """Identity of that message: telling it again says nothing new."""
        return f"{self.shop}/{self.sequence}"


def registration_of(message: ShopRegistered | ShopRemoved) -> Registration:
    """What a message says."""
    if isinstance(message, ShopRemoved):
        return Registration(message.tenant, message.shop, message.sequence, removed=True)
    return Registration(message.tenant, message.shop, message.sequence, message.settings, message.sealed_key)


def newest(registrations: Iterable[Registration]) -> list[Registration]:
    """The last word on each shop, in the order of their ids."""
    by_shop: dict[str, Registration] = {}
    for one in registrations:
        known = by_shop.get(one.shop)
        if known is None or known.sequence < one.sequence:
            by_shop[one.shop] = one
    return [by_shop[shop] for shop in sorted(by_shop)]


class ShopKeys:
    """Seals the webservice keys of shops, and opens them: each for its tenant's shop alone."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, key: SecretStr, tenant: str, shop: str) -> str:
        return self._sealer.seal(key.get_secret_value().encode(), _owner(tenant, shop))

    def open(self, sealed: str, tenant: str, shop: str) -> SecretStr:
        """The key. Raises `SealNotOpened`, which names the shop."""
        return SecretStr(self._sealer.open(sealed, _owner(tenant, shop), f"shop {shop}").decode())

    def is_current(self, sealed: str) -> bool:
        """Whether the key is sealed with the first secret of the settings."""
        return self._sealer.is_current(sealed)


def tenant_shop(registration: Registration, keys: ShopKeys, *, allow_private: bool) -> TenantShop:
    """The shop as services work with it.

    Settings that only a newer gateway knows are left out. Raises `SealNotOpened`, and pydantic's
    `ValidationError` for settings that no shop can have.
    """
    known = {name: value for name, value in registration.settings.items() if name in KNOWN_SETTINGS}
    return TenantShop.model_validate(
        {
            **known,
            "id": registration.shop,
            "tenant": registration.tenant,
            "key": keys.open(registration.sealed_key, registration.tenant, registration.shop),
            "allow_private": allow_private,
        }
    )


def _owner(tenant: str, shop: str) -> bytes:
    return f"{tenant}\0{shop}".encode()
