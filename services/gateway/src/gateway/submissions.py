"""What is known of a submission: its chunks, its items, where the work stands.

Status says where the work stands, outcome (`Result`) is the business answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.messages import FieldChange, Intent, Reason, Result, ShopRequests
from gateway.drafts import RefusedItem


class Status(StrEnum):
    """Where the work stands."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """By which route a submission came."""

    SYNC = "sync"
    BATCH = "batch"
    BULK = "bulk"
    WEBHOOK = "webhook"


OF_SYNC = (Kind.SYNC, Kind.BATCH, Kind.WEBHOOK)
"""What is followed below `/api/products/sync`."""


@dataclass(frozen=True)
class Origin:
    """Where a submission comes from and where it is to go."""

    tenant: str
    shop: str
    kind: Kind
    trace_id: str | None
    retry_of: str | None = None  # the submission whose refused items are handed in again


@dataclass
class Accepted:
    """A submission as it is taken in: how many chunks it became and what was refused at the door."""

    submission_id: str
    origin: Origin
    submitted_at: datetime
    dry_run: bool
    chunks: int = 0
    refused: Sequence[RefusedItem] = ()


@dataclass(frozen=True)
class ItemState:
    """One item: what was asked and, once `result` is there, how it ended."""

    position: int
    intent: Intent
    reference: str | None
    product_id: int | None
    presta_id: int | None = None
    result: Result | None = None
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    images_processed: int = 0
    technical_data_processed: int = 0
    settled_at: datetime | None = None
    verified: bool | None = None  # None: nobody read the shop afterwards
    changes: tuple[FieldChange, ...] = ()  # of a dry run


@dataclass(frozen=True)
class ChunkState:
    """One chunk: when it passed each station, and how many of its items ended in which way."""

    partition: int
    total_items: int
    validated_at: datetime | None = None
    written_at: datetime | None = None
    completed_at: datetime | None = None
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0
    images_processed: int = 0
    planned_requests: tuple[ShopRequests, ...] = ()  # of a dry run
    cancelled_at: datetime | None = None

    @property
    def settled(self) -> int:
        return self.created + self.updated + self.unchanged + self.deleted + self.refused

    @property
    def status(self) -> Status:
        if self.cancelled_at:
            return Status.CANCELLED
        if self.completed_at:
            return Status.COMPLETED
        return Status.PROCESSING if self.validated_at or self.written_at else Status.QUEUED


@dataclass(frozen=True)
class SubmissionState:
    """A submission with its chunks. `refused_at_the_door` items are in no chunk."""

    submission_id: str
    kind: Kind
    shop: str
    submitted_at: datetime
    total_items: int
    refused_at_the_door: int
    trace_id: str | None
    chunks: Sequence[ChunkState]
    dry_run: bool = False
    retry_of: str | None = None

    @property
    def is_finished(self) -> bool:
        return all(chunk.completed_at for chunk in self.chunks)

    @property
    def status(self) -> Status:
        """Failed only when there is nothing that came through, cancelled when all of it was."""
        if self.chunks and all(chunk.cancelled_at for chunk in self.chunks):
            return Status.CANCELLED
        if self.is_finished:
            nothing_through = self.refused == self.total_items
            return Status.FAILED if nothing_through else Status.COMPLETED
        started = any(chunk.status is not Status.QUEUED for chunk in self.chunks)
        return Status.PROCESSING if started else Status.QUEUED

    @property
    def refused(self) -> int:
        return self.refused_at_the_door + sum(chunk.refused for chunk in self.chunks)

    @property
    def open_items(self) -> int:
        settled = self.refused_at_the_door + sum(chunk.settled for chunk in self.chunks)
        return self.total_items - settled

    @property
    def cancelled_items(self) -> int:
        return sum(chunk.total_items for chunk in self.chunks if chunk.cancelled_at)

    @property
    def started_at(self) -> datetime | None:
        """When the first station had finished the first chunk."""
        times = [chunk.validated_at or chunk.written_at or chunk.completed_at for chunk in self.chunks]
        return min((time for time in times if time is not None), default=None)

    @property
    def finished_at(self) -> datetime | None:
        if not self.is_finished:
            return None
        return max((c.completed_at for c in self.chunks if c.completed_at), default=self.submitted_at)
