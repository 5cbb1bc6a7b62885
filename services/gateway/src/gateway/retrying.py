"""Handing in again what was refused: the same changes under new sequences."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.messages import ChunkSubmitted, ProductChange
from gateway.drafts import Draft, SentProducts
from gateway.errors import Refusal
from gateway.submissions import Status, SubmissionState

KEPT_DAYS = 7


@dataclass(frozen=True)
class Retry:
    """The changes that are handed in again, and the refused items whose changes are not there."""

    sent: SentProducts
    positions: tuple[int, ...]  # of what is handed in again, in the earlier submission
    missing: tuple[int, ...]


def retry_of(submission: SubmissionState, refused: Sequence[int], kept: Sequence[bytes]) -> Retry:
    """What of a submission is handed in again, of the positions that were refused.

    `kept` are its chunks as they were told. Raises `Refusal`: 409 where there is nothing, 410 no more.
    """
    if submission.status in (Status.QUEUED, Status.PROCESSING):
        raise Refusal(409, "not_finished", "It is still being worked on; retry what is refused in the end.")
    if not refused:
        raise Refusal(409, "nothing_to_retry", "Nothing of it was refused.")
    changes = {
        change.position: change
        for body in kept
        for change in ChunkSubmitted.model_validate_json(body).changes
    }
    again = [position for position in refused if position in changes]
    if not again:
        message = (
            "What was refused is not stored here: it could not be read when it came, or came more than "
            f"{KEPT_DAYS} days ago. Send it again."
        )
        raise Refusal(410, "not_stored", message)
    drafts = [_draft(changes[position], index) for index, position in enumerate(again)]
    missing = tuple(position for position in refused if position not in changes)
    return Retry(SentProducts(drafts, submission.dry_run), tuple(again), missing)


def _draft(change: ProductChange, position: int) -> Draft:
    """The change as it was handed in, to be given its place, ids and sequence anew."""
    return Draft(
        position,
        change.intent,
        change.reference,
        change.product_id if change.reference is None else None,
        fields={name: getattr(change.fields, name) for name in change.fields.model_fields_set},
        presta_id=change.presta_id,
    )
