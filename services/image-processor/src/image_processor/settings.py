"""Settings of image-processor: `SKUWIRE_IMAGES_…` beside the shared ones."""

from pydantic import Field

from common.registered_shops.settings import RegisteredShopsSettings
from common.settings import settings_of


class ImageSettings(RegisteredShopsSettings):
    """How pictures are worked on."""

    model_config = settings_of("images")

    pass_products: int = Field(
        50, ge=1, description="Products of one shop in one pass, its bounded share: those of a full chunk."
    )
    lease_seconds: float = Field(
        90,
        gt=0,
        description="A worker that dies loses its shops after this time; never below the longest upload.",
    )
    render_processes: int = Field(2, ge=1, description="Processes that decode and encode pictures.")
    render_memory_bytes: int = Field(
        2_000_000_000, description="Address space of such a process; a picture that needs more is refused."
    )
    render_timeout_seconds: float = Field(30, gt=0, description="A picture that takes longer is refused.")
    attempts: int = Field(8, ge=1, description="Times that a shop may fail on one product's pictures.")
    idle_seconds: float = Field(1, gt=0, description="How often to look for products that have become due.")
    progress_seconds: float = Field(
        1, gt=0, description="At most so often is told how far the pictures of a chunk are."
    )
