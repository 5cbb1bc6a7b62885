"""Settings of the services that work with registered shops: `SKUWIRE_SHOPS_…`, the same for all of them."""

from pydantic import SecretStr, ValidationInfo, field_validator

from common.registered_shops.registration import ShopKeys
from common.sealing import Sealer
from common.secret_strength import HOW_TO_MAKE_ONE, weakness_of
from common.settings import ServiceSettings, shared


class RegisteredShopsSettings(ServiceSettings):
    """How the keys of registered shops are sealed, and where such shops may be."""

    shops_sealing_secret: SecretStr = shared(
        "shops_sealing_secret",
        SecretStr(""),
        "Encrypts the webservice keys of registered shops; at least 32 random bytes. Without it no shop can "
        "be registered over HTTP.",
    )
    shops_sealing_previous_secrets: SecretStr = shared(
        "shops_sealing_previous_secrets",
        SecretStr(""),
        "Secrets that encrypted them before and still decrypt, separated by spaces; a start of the gateway "
        "encrypts anew with the present one.",
    )
    shops_allow_http: bool = shared(
        "shops_allow_http",
        default=False,
        description="Also accept registered shops at http://: for demonstrations and own networks.",
    )
    shops_allow_private: bool = shared(
        "shops_allow_private",
        default=False,
        description="Also accept registered shops at private addresses and any port: for demonstrations and "
        "own networks.",
    )

    @field_validator("shops_sealing_secret", "shops_sealing_previous_secrets")
    @classmethod
    def _hard_to_guess_where_set(cls, several: SecretStr, info: ValidationInfo) -> SecretStr:
        for secret in several.get_secret_value().split():
            if weakness := weakness_of(secret):
                name = (info.field_name or "").upper()
                raise ValueError(f"SKUWIRE_{name} {weakness}; make one with: {HOW_TO_MAKE_ONE}")
        return several

    def shop_keys(self) -> ShopKeys | None:
        """What seals and opens the keys of registered shops; None where the settings have no secret."""
        current = self.shops_sealing_secret.get_secret_value()
        if not current:
            return None
        previous = self.shops_sealing_previous_secrets.get_secret_value().split()
        return ShopKeys(Sealer(current, previous, purpose="shop keys"))
