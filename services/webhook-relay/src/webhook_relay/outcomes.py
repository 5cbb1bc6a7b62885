"""What an item's outcome is called outside."""

from typing import TypedDict

from common.messages import Intent, ItemOutcome, Result

OPERATION_OF_RESULT = {
    Result.CREATED: "create",
    Result.UPDATED: "update",
    Result.UNCHANGED: "update",
    Result.DELETED: "delete",
}


class Proof(TypedDict, total=False):
    """Whether the shop holds what was written."""

    verified: bool


def operation_of(outcome: ItemOutcome) -> str:
    """`create`, `update` or `delete`: what was done, or for a refused item what was wanted.

    A refused upsert counts as an update where the shop already has the product.
    """
    if outcome.result in OPERATION_OF_RESULT:
        return OPERATION_OF_RESULT[outcome.result]
    if outcome.intent is Intent.UPSERT:
        return "create" if outcome.presta_id is None else "update"
    return outcome.intent.value


def proof_of(outcome: ItemOutcome) -> Proof:
    """Whether the shop holds what was written; nothing where nobody looked."""
    return {} if outcome.verified is None else {"verified": outcome.verified}
