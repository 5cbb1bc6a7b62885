"""What the gateway can be told from outside."""

from typing import Any

from pydantic import Field, SecretStr, field_validator, model_validator

from common.settings import ServiceSettings, settings_of, shared
from common.shops import DEFAULT_TENANT

MIN_SECRET_BYTES = 32
MEBIBYTE = 1024 * 1024


class GatewaySettings(ServiceSettings):
    """Settings of the gateway, read from `SKUWIRE_GATEWAY_…` and the shared `SKUWIRE_…`."""

    model_config = settings_of("gateway") | {"hide_input_in_errors": True}

    jwt_secret: SecretStr = Field(
        description="Signs access tokens; at least 32 random bytes, the same in every replica."
    )
    jwt_issuer: str = Field("skuwire", description="Who issues the tokens, and who they are for.")
    access_token_seconds: int = Field(7200, gt=0, description="How long an access token is valid.")
    bootstrap_email: str | None = Field(None, description="E-mail address of the first user.")
    bootstrap_password: SecretStr | None = Field(None, description="Password of the first user.")
    bootstrap_tenant: str = Field(DEFAULT_TENANT, description="Tenant of the first user.")

    first_product_id: int = Field(
        1,
        ge=1,
        description="Where our product ids start on an empty database, for those who take over ids.",
    )
    bulk_max_items: int = Field(20_000, ge=1, description="Items that a bulk may have.")
    products_body_max_bytes: int = Field(
        64 * MEBIBYTE, gt=0, description="Bytes that a body with products may have."
    )
    bodies_in_memory_max_bytes: int = Field(
        192 * MEBIBYTE,
        gt=0,
        description="Bytes of all bodies being read at a time; further requests wait their turn.",
    )
    body_turn_seconds: float = Field(
        10.0, gt=0, description="How long a request waits for its turn to be read before it gets a 503."
    )
    image_max_bytes: int = Field(10 * MEBIBYTE, gt=0, description="Bytes that a picture may have.")
    wait_seconds: float = Field(
        25.0, ge=0, description="How long a synchronization waits for its result before it answers 202."
    )
    poll_seconds: float = Field(
        0.25, gt=0, description="How often a waiting request looks for results that another replica took in."
    )

    relay_url: str | None = Field(
        None, description="Address of webhook-relay's internal API, for example http://webhook-relay:8080."
    )
    internal_token: SecretStr | None = shared(
        "internal_token", None, "Token that webhook-relay's internal API asks for."
    )

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes")
        return secret

    @model_validator(mode="after")
    def _consistent(self) -> Any:
        if (self.bootstrap_email is None) != (self.bootstrap_password is None):
            raise ValueError("the first user needs both bootstrap_email and bootstrap_password")
        if self.bodies_in_memory_max_bytes < self.products_body_max_bytes:
            raise ValueError("bodies_in_memory_max_bytes must hold at least one body of products")
        return self
