"""The judgement of a chunk: which changes go on, which are refused, or that a newer snapshot must decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from common.messages import (
    Chunk,
    ChunkCompleted,
    ChunkSubmitted,
    ChunkValidated,
    ItemOutcome,
    ProductChange,
    Reason,
)
from validator.characters import twin_key
from validator.knowledge import Knowledge
from validator.reasons import reason
from validator.rules import NEWER_SNAPSHOT_MAY_HELP, creates, judge

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Older than any snapshot: a chunk of an unknown shop takes the first one that comes."""


@dataclass(frozen=True)
class SnapshotNeeded:
    """The chunk cannot be judged before there is a snapshot that is newer than this."""

    newer_than: datetime


@dataclass(frozen=True)
class Verdict:
    """A judged chunk. `open` may go to the shop, `refused` are settled."""

    chunk: Chunk
    open: tuple[ProductChange, ...]
    refused: tuple[ItemOutcome, ...]

    def message(self) -> ChunkValidated | ChunkCompleted:
        """What the next station is told; a chunk with nothing open is completed here."""
        if self.open:
            return ChunkValidated(chunk=self.chunk, changes=self.open, outcomes=self.refused)
        return ChunkCompleted(chunk=self.chunk, outcomes=self.refused)


def judge_chunk(submitted: ChunkSubmitted, shop: Knowledge | None) -> Verdict | SnapshotNeeded:
    """Judge every item, or ask for a newer snapshot.

    A category or language that is unknown may have been made after the snapshot was taken: a chunk that is
    younger than the snapshot waits for a newer one, and is judged with that.
    """
    if shop is None:
        return SnapshotNeeded(ANY_TIME)
    judged = [(change, judge(change, shop)) for change in submitted.changes]
    if submitted.chunk.submitted_at >= shop.taken_at and any(_is_unknown(reasons) for _, reasons in judged):
        return SnapshotNeeded(submitted.chunk.submitted_at)
    return Verdict(
        chunk=submitted.chunk,
        open=tuple(change for change, reasons in judged if not reasons),
        refused=tuple(ItemOutcome.refused(change, *reasons) for change, reasons in judged if reasons),
    )


Claim = tuple[str, str]
"""Submission id and reference: who of a submission may create a product."""


def claims_of(verdicts: Iterable[Verdict]) -> dict[Claim, int]:
    """The lowest position that wants to create each reference. Only items that pass every rule claim."""
    claims: dict[Claim, int] = {}
    for verdict in verdicts:
        for change in verdict.open:
            if creates(change) and change.reference:
                key = (verdict.chunk.submission_id, change.reference)
                claims[key] = min(change.position, claims.get(key, change.position))
    return claims


def without_duplicates(verdict: Verdict, holders: Mapping[Claim, int]) -> Verdict:
    """Refuse the items that create what another item of the submission creates.

    `holders` tells which position holds each claim. The item that holds it stays, however often its chunk
    is delivered.
    """
    going_on, refused = [], list(verdict.refused)
    for change in verdict.open:
        holder = holders.get((verdict.chunk.submission_id, change.reference or ""), change.position)
        if creates(change) and holder != change.position:
            duplicate = reason("duplicate_in_submission", "reference", first=holder, value=change.reference)
            refused.append(ItemOutcome.refused(change, duplicate))
        else:
            going_on.append(change)
    refused.sort(key=lambda outcome: outcome.position)
    return replace(verdict, open=tuple(going_on), refused=tuple(refused))


def twins(verdict: Verdict) -> list[tuple[str, ...]]:
    """References that differ only in case or in Unicode form: allowed, for they are several products."""
    groups: dict[str, dict[str, None]] = {}
    for change in verdict.open:
        if change.reference:
            groups.setdefault(twin_key(change.reference), {})[change.reference] = None
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _is_unknown(reasons: Iterable[Reason]) -> bool:
    return any(r.code in NEWER_SNAPSHOT_MAY_HELP for r in reasons)
