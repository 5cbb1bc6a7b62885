"""Where webhooks go: endpoints that tenants made over HTTP, and those of the settings."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from common.public.subscriptions import DEFAULT, Patterns, wants
from common.shops import DEFAULT_TENANT
from webhook_relay.signing import Secret, parse_secret

NAMESPACE = UUID("6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c")


class Origin(StrEnum):
    """Who made the endpoint, and so who may change it."""

    API = "api"
    SETTINGS = "settings"


class EndpointState(StrEnum):
    """`paused` (by the tenant) and `disabled` (by us) stop attempts, not the recording; `deleted` both."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of a tenant with what it wants to hear: of all the tenant's shops where `shops` is None."""

    id: UUID
    tenant: str
    url: str = field(repr=False)  # may carry a token in its query
    events: tuple[str, ...]
    shops: tuple[str, ...] | None = None
    description: str = ""
    origin: Origin = Origin.API
    state: EndpointState = EndpointState.ENABLED
    state_reason: str = ""
    failing_since: datetime | None = None
    created_at: datetime | None = None


class ConfiguredEndpoint(BaseModel):
    """An endpoint of the settings.

    ```toml
    [[endpoint]]
    url = "https://erp.example.com/skuwire"
    secret = "whsec_…"
    tenant = "acme"
    events = ["bulk.chunk.completed", "shop.*"]
    shops = ["milano"]                     # without it: all shops of the tenant
    ```
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(repr=False, description="Where the webhooks go.")
    secret: SecretStr = Field(description="`whsec_` and base64 of 24 to 64 bytes.")
    tenant: str = Field(DEFAULT_TENANT, description="Whose webhooks.")
    events: Patterns = Field(DEFAULT, description="Which ones; `product.*` and `*` take in several.")
    shops: tuple[str, ...] | None = Field(None, min_length=1, description="Of which shops; none for all.")

    @field_validator("secret")
    @classmethod
    def _usable(cls, secret: SecretStr) -> SecretStr:
        parse_secret(secret.get_secret_value())
        return secret

    def endpoint(self) -> Endpoint:
        """The endpoint, with an id that stays the same from start to start."""
        return Endpoint(
            id=uuid5(NAMESPACE, f"{self.tenant} {self.url}"),
            tenant=self.tenant,
            url=self.url,
            events=self.events,
            shops=self.shops,
            origin=Origin.SETTINGS,
        )

    def signing_secret(self) -> Secret:
        """What the endpoint's webhooks are signed with."""
        return parse_secret(self.secret.get_secret_value())


def read_endpoints_file(path: Path) -> list[ConfiguredEndpoint]:
    """The `[[endpoint]]` tables of a TOML file. Raises pydantic's `ValidationError` naming what is wrong."""
    table = tomllib.loads(path.read_text())
    return [ConfiguredEndpoint.model_validate(entry) for entry in table.get("endpoint", [])]


def subscribed(
    endpoints: Iterable[Endpoint], tenant: str, shop: str | None, event_type: str
) -> list[Endpoint]:
    """The tenant's endpoints that want this event of this shop; paused and disabled ones too.

    What concerns the tenant as a whole has no shop, and passes every filter of shops.
    """
    return [
        endpoint
        for endpoint in endpoints
        if endpoint.tenant == tenant
        and wants(endpoint.events, event_type)
        and (endpoint.shops is None or shop is None or shop in endpoint.shops)
        and endpoint.state is not EndpointState.DELETED
    ]
