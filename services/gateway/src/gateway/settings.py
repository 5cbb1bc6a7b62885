"""What the gateway can be told from outside."""

from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from common.registered_shops.settings import RegisteredShopsSettings
from common.secret_strength import HOW_TO_MAKE_ONE, weakness_of
from common.settings import settings_of, shared
from common.shops import DEFAULT_TENANT
from gateway.access.addresses import networks_of
from gateway.access.passwords import weakness_of_password
from gateway.inbound.sources import InboundSource, distinct
from gateway.limits.backlog import Bounds

MEBIBYTE = 1024 * 1024


class GatewaySettings(RegisteredShopsSettings):
    """Settings of the gateway, read from `SKUWIRE_GATEWAY_…` and the shared `SKUWIRE_…`."""

    model_config = settings_of("gateway") | {"hide_input_in_errors": True}

    jwt_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="Signs access tokens; at least 32 random bytes, the same in every replica.",
    )
    jwt_previous_secrets: SecretStr = Field(
        SecretStr(""),
        description="Secrets that signed access tokens before and still verify them, separated by spaces.",
    )
    credential_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="Key of the hashes of API keys and refresh tokens; at least 32 random bytes, the same in "
        "every replica.",
    )
    credential_previous_secrets: SecretStr = Field(
        SecretStr(""),
        description="Secrets that hashed API keys and refresh tokens before, separated by spaces; a key is "
        "hashed anew when it is used.",
    )
    jwt_issuer: str = Field("skuwire", description="Who issues the tokens, and who they are for.")
    access_token_seconds: int = Field(7200, gt=0, description="How long an access token is valid.")
    refresh_token_seconds: int = Field(
        604_800, gt=0, description="How long a refresh token is valid; each use gives a new one."
    )
    bootstrap_email: str | None = Field(None, description="E-mail address of the first user, an admin.")
    bootstrap_password: SecretStr | None = Field(
        None, description="Password of the first user, at least 12 characters; a changed one is set anew."
    )
    bootstrap_tenant: str = Field(DEFAULT_TENANT, description="Tenant of the first user.")
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks of proxies whose X-Forwarded-For is believed, separated by "
        "spaces; without them all callers behind a proxy count as one address.",
    )

    first_product_id: int = Field(
        1,
        ge=1,
        description="Where our product ids start on an empty database, for those who take over ids.",
    )
    bulk_max_items: int = Field(20_000, ge=1, description="Items that a bulk may have.")
    products_body_max_bytes: int = Field(
        144 * MEBIBYTE,
        gt=0,
        description="Bytes that a body with products may have; ten pictures of 10 MiB in base64 fit in.",
    )
    bodies_in_memory_max_bytes: int = Field(
        640 * MEBIBYTE,
        gt=0,
        description="Bytes of memory that all bodies being read may take at a time, some seven times their "
        "JSON and thrice a picture; one may take half of it, further ones wait their turn. Webhooks that no "
        "secret vouches for yet share a quarter of it.",
    )
    body_turn_seconds: float = Field(
        10.0, gt=0, description="How long a request waits for its turn to be read before it gets a 503."
    )
    quota_window_seconds: int = Field(
        60, ge=1, description="In how many seconds a quota is there again, and may be used at once."
    )
    quota_address_max_requests: int = Field(
        12_000,
        ge=1,
        description="Requests of one address in that time, before it is known who calls; per replica, as "
        "are all quotas.",
    )
    quota_address_max_items: int = Field(
        2_000_000, ge=1, description="Items of all users and API keys of one address in that time."
    )
    quota_address_max_bytes: int = Field(
        20_480 * MEBIBYTE, ge=1, description="Bytes that one address may send in that time."
    )
    quota_max_requests: int = Field(6_000, ge=1, description="Requests of one user or API key in that time.")
    quota_max_items: int = Field(200_000, ge=1, description="Items of one user or API key in that time.")
    quota_max_bytes: int = Field(
        2048 * MEBIBYTE, ge=1, description="Bytes that one user or API key may send in that time."
    )
    backlog_shop_max_items: int = Field(
        200_000, ge=1, description="Items of a shop that may be accepted and not settled; beyond it, 503."
    )
    backlog_max_items: int = Field(
        1_000_000, ge=1, description="Items of all shops that may be accepted and not settled."
    )
    backlog_max_messages: int = Field(
        20_000, ge=1, description="Messages that may wait to be published before nothing more is accepted."
    )
    image_max_bytes: int = Field(10 * MEBIBYTE, gt=0, description="Bytes that a picture may have.")
    wait_seconds: float = Field(
        25.0, ge=0, description="How long a synchronization waits for its result before it answers 202."
    )
    poll_seconds: float = Field(
        0.25, gt=0, description="How often a waiting request looks for results that another replica took in."
    )

    idempotency_keep_seconds: float = Field(
        86_400.0, gt=0, description="How long an idempotency key is remembered, with what was answered."
    )

    inbound_webhooks: tuple[InboundSource, ...] = Field(
        (),
        description="Who may send webhooks, as a JSON list of {name, shop, secrets}: one or two secrets, "
        "each of at least 32 random characters, any of which may sign.",
    )
    inbound_webhook_max_bytes: int = Field(
        16 * MEBIBYTE,
        gt=0,
        description="Bytes that the body of a webhook may have; no more than an eighth of the memory for "
        "bodies is taken.",
    )

    relay_url: str | None = Field(
        None, description="Address of webhook-relay's internal API, for example http://webhook-relay:8080."
    )
    writer_url: str | None = Field(
        None, description="Address of prestashop-writer's internal API, for example http://writer:8080."
    )
    internal_token: SecretStr | None = shared(
        "internal_token", None, "Token that the internal APIs of webhook-relay and prestashop-writer ask for."
    )

    operator_token: SecretStr | None = Field(
        None,
        description="What the operator shows to look after users and dead letters of all tenants, at least "
        "32 random characters; without it nobody can.",
    )

    @field_validator("jwt_secret", "credential_secret")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        if weakness := weakness_of(secret.get_secret_value()):
            raise ValueError(_about_secret(info, weakness))
        return secret

    @field_validator("operator_token")
    @classmethod
    def _operator_hard_to_guess(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if token is not None and (weakness := weakness_of(token.get_secret_value())):
            raise ValueError(_about_secret(info, weakness))
        return token

    @field_validator("internal_token")
    @classmethod
    def _token_hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and (weakness := weakness_of(token.get_secret_value())):
            raise ValueError(f"SKUWIRE_INTERNAL_TOKEN {weakness}; make one with: {HOW_TO_MAKE_ONE}")
        return token

    @field_validator("jwt_previous_secrets", "credential_previous_secrets")
    @classmethod
    def _all_hard_to_guess(cls, several: SecretStr, info: ValidationInfo) -> SecretStr:
        for number, secret in enumerate(several.get_secret_value().split(), 1):
            if weakness := weakness_of(secret):
                raise ValueError(_about_secret(info, f"has a weak secret: number {number} {weakness}"))
        return several

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        networks_of(text)
        return text

    @model_validator(mode="after")
    def _consistent(self) -> Any:
        if (self.bootstrap_email is None) != (self.bootstrap_password is None):
            raise ValueError("the first user needs both bootstrap_email and bootstrap_password")
        if self.bootstrap_email is not None and self.bootstrap_password is not None:
            password, email = self.bootstrap_password.get_secret_value(), self.bootstrap_email.strip().lower()
            if weakness := weakness_of_password(password, email):
                raise ValueError(
                    f"SKUWIRE_GATEWAY_BOOTSTRAP_PASSWORD {weakness}; make one with: {HOW_TO_MAKE_ONE}"
                )
        if self.jwt_secret == self.credential_secret:
            raise ValueError(
                "SKUWIRE_GATEWAY_CREDENTIAL_SECRET is the same as SKUWIRE_GATEWAY_JWT_SECRET; "
                f"make another one with: {HOW_TO_MAKE_ONE}"
            )
        distinct(self.inbound_webhooks)
        if self.bodies_in_memory_max_bytes < self.inbound_webhook_max_bytes:
            raise ValueError("bodies_in_memory_max_bytes must hold at least one webhook")
        if min(self.backlog_shop_max_items, self.backlog_max_items) < self.bulk_max_items:
            raise ValueError(
                "backlog_shop_max_items and backlog_max_items must allow a bulk of bulk_max_items"
            )
        if self.quota_max_items < self.bulk_max_items:
            raise ValueError("quota_max_items must allow a bulk of bulk_max_items")
        if self.quota_max_bytes < self.products_body_max_bytes:
            raise ValueError("quota_max_bytes must allow a body of products_body_max_bytes")
        if self.bodies_in_memory_max_bytes < 2 * self.products_body_max_bytes:
            raise ValueError("bodies_in_memory_max_bytes must hold at least two bodies of products")
        return self

    def backlog_bounds(self) -> Bounds:
        """How much accepted work may be open."""
        return Bounds(self.backlog_shop_max_items, self.backlog_max_items, self.backlog_max_messages)

    def credential_secrets(self) -> list[SecretStr]:
        """The present one first."""
        return [self.credential_secret, *_several(self.credential_previous_secrets)]

    def previous_jwt_secrets(self) -> list[SecretStr]:
        """Those that verify and sign no more."""
        return _several(self.jwt_previous_secrets)


def _several(secrets: SecretStr) -> list[SecretStr]:
    return [SecretStr(secret) for secret in secrets.get_secret_value().split()]


def _about_secret(info: ValidationInfo, weakness: str) -> str:
    return f"SKUWIRE_GATEWAY_{(info.field_name or '').upper()} {weakness}; make one with: {HOW_TO_MAKE_ONE}"
