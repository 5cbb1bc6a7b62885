"""The shops that Skuwire keeps: those of the operator from a TOML file, or a single one from the environment.

Those that tenants register over HTTP join them while the service runs: `common.registered_shops`.

```toml
[[shop]]
id = "milano"
tenant = "acme"
name = "Acme Milano"
url = "https://shop.example.com"
key = "…"                     # or key_env = "MILANO_KEY"
owners = {description = "shop", name = "first-write"}
```
"""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from common.messages import ProductFields
from common.settings import ServiceSettings

DEFAULT_TENANT = "default"

Owner = Literal["erp", "shop", "first-write"]

OWNED_WITH_ANOTHER = frozenset({"warehouses", "default_category", "variant_quantities"})
"""With `quantity`, `categories` and `variants`."""

OWNABLE = frozenset(ProductFields.model_fields) - {"images"} - OWNED_WITH_ANOTHER
"""Pictures are the ERP's."""

NOT_IN_THE_CREATE = frozenset({"quantity", "discounts", "variants", "supplier"})
"""Written by requests of their own, so that nobody could tell the first write from a later one."""


class ShopTerms(BaseModel):
    """How a shop wants to be treated."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    concurrency: int = Field(4, ge=1, le=16, description="Requests at the same time, of each service.")
    requests_per_minute: float = Field(
        0, ge=0, description="Requests in a minute, of each service; 0 for as many as the shop bears."
    )
    request_timeout_seconds: float = Field(20, gt=0, description="A request that takes longer is given up.")
    late_commit_seconds: float = Field(
        120, ge=0, description="Longest time in which the shop may still write a request that we gave up."
    )
    creates_per_request: int = Field(
        25, ge=1, le=100, description="Products in the body of a request that creates."
    )
    changes_per_request: int = Field(
        50, ge=1, le=100, description="Products in the body of a request that changes."
    )
    stock_from: Literal["warehouses", "quantity"] = Field(
        "warehouses",
        description="The shop's stock where both are known: the sum of the warehouses, or `quantity`.",
    )
    repeat_stocks: bool = Field(
        False,
        description="Whether a stock is written whenever it is told, also as the number that was written "
        "last: the shop has sold meanwhile. Costs a request for 50 products that are told a stock.",
    )
    home_category: int = Field(2, description="Category of a product for which none was given.")
    verify_writes: bool = Field(
        False,
        description="Whether products are read back after they were written, and compared with it: at most "
        "two requests more for 50 products, and one for their covers.",
    )
    owners: dict[str, Owner] = Field(
        {},
        description="Whose a field is: `erp` (always written; where none is named), `first-write` (only when "
        "a product is created), `shop` (people in the back office: never written once the product exists).",
    )

    @field_validator("owners")
    @classmethod
    def _owners_of_fields(cls, owners: dict[str, Owner]) -> dict[str, Owner]:
        for field, owner in owners.items():
            if field not in OWNABLE:
                raise ValueError(f"{field} cannot have an owner; these can: {', '.join(sorted(OWNABLE))}")
            if owner == "first-write" and field in NOT_IN_THE_CREATE:
                raise ValueError(f"{field} is written after the product was created; choose erp or shop")
        return owners


class ShopSettings(ShopTerms):
    """One shop: where it is and how it wants to be treated."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Short name, part of routing keys.")
    tenant: str = Field(DEFAULT_TENANT, description="Whose shop it is.")
    name: str = Field("", description="What people call it.")
    test: bool = Field(False, description="Whether it is a test shop: for pm_test_ keys, never pm_live_.")
    url: str = Field(description="The shop's own address; any other host name is redirected by the shop.")
    key: SecretStr = Field(description="Webservice key, made in the shop's back office.")

    @model_validator(mode="before")
    @classmethod
    def _key_from_environment(cls, data: object) -> object:
        if not isinstance(data, dict) or "key_env" not in data:
            return data
        variable = data["key_env"]
        if variable not in os.environ:
            raise ValueError(f"key_env names {variable}, which is not set in the environment")
        return {name: value for name, value in data.items() if name != "key_env"} | {
            "key": os.environ[variable]
        }


class TenantShop(ShopSettings):
    """A shop that its tenant has registered: what its address leads to is checked (`common.http.visiting`).

    With `allow_private` it may lie in a private network.
    """

    allow_private: bool = False


class Shops:
    """All shops: those of the file in its order, then the registered ones. A tenant's first is its default.

    `by_id` is replaced as registered shops come, change and go; each of `on_change` is called then.
    """

    def __init__(self, configured: list[ShopSettings]) -> None:
        self._configured = {shop.id: shop for shop in configured}
        if len(self._configured) < len(configured):
            raise ValueError("two shops have the same id; give each its own")
        self.by_id: Mapping[str, ShopSettings] = self._configured
        self.on_change: list[Callable[[], None]] = []

    def of_tenant(self, tenant: str) -> list[ShopSettings]:
        return [shop for shop in self.by_id.values() if shop.tenant == tenant]

    def is_configured(self, shop_id: str) -> bool:
        """Whether it is one of the operator's, which nobody changes over HTTP."""
        return shop_id in self._configured

    def put_registered(self, registered: Sequence[TenantShop]) -> None:
        """These are the registered shops now; a shop of the file goes before one of the same id."""
        by_id = {**{shop.id: shop for shop in registered}, **self._configured}
        in_order = [*self._configured, *(shop.id for shop in registered if shop.id not in self._configured)]
        before, self.by_id = self.by_id, {shop_id: by_id[shop_id] for shop_id in in_order}
        if self.by_id != before:
            for tell in self.on_change:
                tell()


class ShopsFileError(ValueError):
    """The shops file cannot be used; the message names the place and the fix, never a value."""


def load_shops(settings: ServiceSettings) -> Shops:
    """The shops of the settings. None at all is allowed: the gateway then says so to whoever sends.

    Raises `ShopsFileError`.
    """
    shops = read_shops_file(settings.shops_file) if settings.shops_file is not None else []
    if settings.shop_url is not None:
        if settings.shop_key is None:
            raise ValueError("SKUWIRE_SHOP_URL is set, SKUWIRE_SHOP_KEY is not: the shop needs both")
        shops.append(ShopSettings(id="shop", name="Shop", url=settings.shop_url, key=settings.shop_key))
    return Shops(shops)


def read_shops_file(file: Path) -> list[ShopSettings]:
    """The shops of a TOML file. Raises `ShopsFileError`."""
    try:
        table = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise ShopsFileError(f"{file} is not there; make it, or unset SKUWIRE_SHOPS_FILE") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ShopsFileError(f"{file} is no TOML: {error}") from None
    entries = table.pop("shop", [])
    if table or not isinstance(entries, list):
        found = ", ".join(sorted(table)) or "[shop]"
        raise ShopsFileError(f"{file}: begin each shop with [[shop]], in double brackets (found: {found})")
    return [_shop(entry, f"{file}, shop {number}") for number, entry in enumerate(entries, 1)]


def _shop(entry: dict[str, object], place: str) -> ShopSettings:
    try:
        return ShopSettings.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(_sentence(problem["loc"], problem["msg"]) for problem in error.errors())
        name = f" ({entry['id']})" if isinstance(entry.get("id"), str) else ""
        raise ShopsFileError(f"{place}{name}: {problems}") from None


def _sentence(path: tuple[int | str, ...], problem: str) -> str:
    key, problem = ".".join(map(str, path)), problem.removeprefix("Value error, ")
    if key == "key" and problem == "Field required":
        return "no key; give `key`, or `key_env` with the name of an environment variable that holds it"
    if problem == "Extra inputs are not permitted":
        own = ShopSettings.model_fields.keys() - ShopTerms.model_fields.keys()
        known = ", ".join(sorted(ShopSettings.model_fields, key=lambda name: name not in own))
        return f"{key} is not known here; known are {known}"
    return f"{key}: {problem}" if key else problem
