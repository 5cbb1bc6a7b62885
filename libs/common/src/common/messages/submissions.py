"""What the gateway tells of a submission as a whole."""

from datetime import datetime

from common.messages.contract import Message


class SubmissionCompleted(Message):
    """Every item of a submission has its outcome. Told once, and not at all of a dry run.

    `chunks` is how many it was cut into: none where all items were refused at the door. `refused` counts
    these as well, and the `cancelled` ones.
    """

    message_type = "submission.completed.v1"
    submission_id: str
    tenant: str
    shop: str
    kind: str  # sync, batch, bulk or webhook: by which route it came
    status: str  # completed, failed (nothing came through) or cancelled (all of it)
    submitted_at: datetime
    completed_at: datetime
    chunks: int
    total_items: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    refused: int
    cancelled: int
    images_processed: int
    retry_of: str | None = None  # the submission whose refused items were handed in again

    def addressed_shop(self) -> str:
        return self.shop

    def addressed_tenant(self) -> str:
        return self.tenant

    def correlation_id(self) -> str:
        return self.submission_id
