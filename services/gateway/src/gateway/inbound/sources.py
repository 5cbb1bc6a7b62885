"""Who may send webhooks: a name, the shop that its products are for, the secrets that it signs with."""

import base64
import binascii
from collections.abc import Collection, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from common.secret_strength import HOW_TO_MAKE_ONE, weakness_of
from common.shops import Shops

STANDARD_PREFIX = "whsec_"
MAX_SECRETS = 2  # the present one, and during a rotation the next or the one before


class InboundSource(BaseModel):
    """One sender. Whatever it sends is of the tenant whose shop it is for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    shop: str
    secrets: tuple[SecretStr, ...] = Field(min_length=1, max_length=MAX_SECRETS)

    @field_validator("secrets")
    @classmethod
    def _hard_to_guess(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, secret in enumerate(secrets, 1):
            if weakness := weakness_of(secret.get_secret_value()):
                raise ValueError(f"secret number {number} {weakness}; make one with: {HOW_TO_MAKE_ONE}")
            if standard_key(secret) is None:
                raise ValueError(f"secret number {number} begins with whsec_, but what follows is no base64")
        return secrets


def distinct(sources: Sequence[InboundSource]) -> None:
    """Raises `ValueError` where two sources cannot be told apart."""
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise ValueError("two inbound webhooks have the same name; give each its own")
    secrets = [secret.get_secret_value() for source in sources for secret in source.secrets]
    if len(set(secrets)) < len(secrets):
        raise ValueError("a secret of inbound webhooks stands there twice; a secret says who has signed")


def known_sources(
    sources: Sequence[InboundSource], shops: Shops, registered: Collection[str] = ()
) -> Sequence[InboundSource]:
    """The sources. Raises `ValueError` for one whose shop there never was.

    `registered` are ids that tenants have registered at any time: one who removes its shop does not keep us
    from starting.
    """
    for source in sources:
        if source.shop not in shops.by_id and source.shop not in registered:
            known = ", ".join(shops.by_id) or "none"
            raise ValueError(
                f"the inbound webhook {source.name} is for the shop {source.shop}, which is not among the "
                f"shops ({known}); correct it in SKUWIRE_GATEWAY_INBOUND_WEBHOOKS"
            )
    return sources


def standard_key(secret: SecretStr) -> bytes | None:
    """The key of a secret in Standard Webhooks: base64 after `whsec_`, else the text; None for no base64."""
    text = secret.get_secret_value()
    if not text.startswith(STANDARD_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(STANDARD_PREFIX), validate=True) or None
    except binascii.Error:
        return None
