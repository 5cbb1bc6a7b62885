"""What webhook-relay can be told from outside."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict
from yarl import URL

from common.http.addresses import check_url
from common.settings import ServiceSettings, settings_of, shared
from webhook_relay.endpoints import ConfiguredEndpoint
from webhook_relay.schedule import WAITS_SECONDS
from webhook_relay.sealing import Sealer

LEAST_SECRET_BYTES = 32
TOO_SHORT = (
    "needs at least 32 random bytes; make one with: "
    "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
)
LEASE_MARGIN_SECONDS = 2.0  # to record the attempt


class RelaySettings(ServiceSettings):
    """Settings of webhook-relay, read from `SKUWIRE_RELAY_…` and the shared `SKUWIRE_…`."""

    model_config = settings_of("relay") | SettingsConfigDict(
        hide_input_in_errors=True
    )  # secrets of endpoints

    internal_token: SecretStr | None = shared(
        "internal_token",
        None,
        "Token that the gateway shows to the internal API; without one the API is not served.",
    )
    sealing_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="Encrypts the secrets of endpoints in the database; at least 32 random bytes, the same "
        "in every replica.",
    )
    sealing_previous_secrets: SecretStr = Field(
        SecretStr(""),
        description="Secrets that encrypted them before and still decrypt, separated by spaces; a start "
        "encrypts anew with the present one.",
    )
    endpoints_file: Path | None = Field(None, description="TOML file with endpoints; see the README.")
    endpoints: tuple[ConfiguredEndpoint, ...] = Field(
        (), description='Endpoints as JSON: `[{"url": …, "secret": …, "tenant": …, "events": […]}]`.'
    )
    allow_http_endpoints: bool = Field(
        False, description="Also accept http:// endpoints: for demonstrations and tests."
    )
    allow_private_endpoints: bool = Field(
        False, description="Also accept private addresses and any port: for demonstrations and tests."
    )
    retry_waits_seconds: tuple[float, ...] = Field(
        WAITS_SECONDS, min_length=1, description="Seconds before the first attempt, the second, and so on."
    )
    connect_timeout_seconds: float = Field(5.0, gt=0, description="Time to connect, with TLS.")
    total_timeout_seconds: float = Field(15.0, gt=0, description="Time for a whole attempt.")
    lease_seconds: float = Field(
        30.0, gt=0, description="A claimed delivery whose worker died is free again after this time."
    )
    in_flight: int = Field(64, ge=1, description="Attempts at the same time, of one process.")
    in_flight_per_endpoint: int = Field(
        4, ge=1, description="Attempts at the same time to one endpoint, of all processes together."
    )
    endpoints_per_tenant: int = Field(
        100, ge=1, description="Times that a tenant may make an endpoint over HTTP before it removes one."
    )
    keep_days: float = Field(
        30.0, ge=4, description="Days after which a finished delivery is forgotten; longer than the retries."
    )
    poll_seconds: float = Field(0.5, gt=0, description="How often to look for deliveries that became due.")

    @field_validator("sealing_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if too_short(secret.get_secret_value()):
            raise ValueError(f"SKUWIRE_RELAY_SEALING_SECRET {TOO_SHORT}")
        return secret

    @field_validator("sealing_previous_secrets")
    @classmethod
    def _all_long_enough(cls, several: SecretStr) -> SecretStr:
        if any(too_short(secret) for secret in several.get_secret_value().split()):
            raise ValueError(f"each of SKUWIRE_RELAY_SEALING_PREVIOUS_SECRETS {TOO_SHORT}")
        return several

    @model_validator(mode="after")
    def _lease_outlasts_an_attempt(self) -> "RelaySettings":
        if self.lease_seconds < self.total_timeout_seconds + LEASE_MARGIN_SECONDS:
            raise ValueError(
                f"lease_seconds must be at least total_timeout_seconds + {LEASE_MARGIN_SECONDS:g}, "
                "or a slow attempt is made twice"
            )
        return self

    def check_url(self, text: str) -> URL:
        """The URL of an endpoint, as it is requested. Raises `UnusableUrl`."""
        return check_url(
            text, allow_http=self.allow_http_endpoints, allow_private=self.allow_private_endpoints
        )

    def sealer(self) -> Sealer:
        """What seals and opens the secrets of endpoints."""
        previous = self.sealing_previous_secrets.get_secret_value().split()
        return Sealer(self.sealing_secret.get_secret_value(), previous)


def too_short(secret: str) -> bool:
    """Whether a secret of the settings has less than 32 bytes."""
    return len(secret.encode()) < LEAST_SECRET_BYTES
