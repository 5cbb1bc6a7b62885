"""What the validator can be told from outside."""

from pydantic import Field

from common.settings import ServiceSettings, settings_of


class ValidatorSettings(ServiceSettings):
    """The validator's own settings, read from `SKUWIRE_VALIDATOR_…`."""

    model_config = settings_of("validator")

    check_digits: bool = Field(
        True, description="Refuse an EAN-13 whose check digit is wrong; PrestaShop itself would take it."
    )
    snapshot_pause_seconds: float = Field(
        10.0, ge=0, description="A shop is asked for a newer snapshot at most once in this time."
    )
    snapshot_overdue_seconds: float = Field(
        600.0,
        gt=0,
        description="A snapshot that has not come within this time is logged and asked for again.",
    )
    waiting_poll_seconds: float = Field(
        5.0, gt=0, description="How often waiting chunks are looked at when nothing wakes the service."
    )
    claims_kept_days: int = Field(
        30, ge=1, description="How long a submission may still send chunks whose duplicates are recognised."
    )
