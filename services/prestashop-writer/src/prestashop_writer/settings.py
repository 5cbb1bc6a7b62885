"""Settings of prestashop-writer: `SKUWIRE_WRITER_…` beside the shared ones."""

from pydantic import Field, SecretStr

from common.registered_shops.settings import RegisteredShopsSettings
from common.settings import settings_of, shared


class WriterSettings(RegisteredShopsSettings):
    """How shops are driven."""

    model_config = settings_of("writer")

    internal_token: SecretStr | None = shared(
        "internal_token",
        None,
        "Token that the gateway shows to the internal API; without one the API is not served.",
    )
    pass_products: int = Field(
        1000,
        ge=1,
        description="Products of one shop in one pass, after which another writer may have its turn.",
    )
    lease_seconds: float = Field(
        60, gt=0, description="A writer that dies loses its shops after this time; longer than a request."
    )
    snapshot_seconds: float = Field(
        300, gt=0, description="How often languages, categories and limits of a shop are read again."
    )
    attempts: int = Field(
        8, ge=1, description="Times that a shop may fail on one product before the product is refused."
    )
    first_pause_seconds: float = Field(
        1, ge=0, description="Pause after the shop has failed on one product; it doubles with each attempt."
    )
    set_back_seconds: float = Field(
        5, ge=0, description="How long products wait whose request failed for one of them or for the shop."
    )
    idle_seconds: float = Field(1, gt=0, description="How often to look for products that have become due.")
