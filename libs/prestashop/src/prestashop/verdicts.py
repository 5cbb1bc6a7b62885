"""What a failed request says about each of its entities. Pure: decided from the error and a look-up.

PrestaShop writes the entities of a request one after the other without a transaction, stops at the first bad
one, and answers with one error that tells neither which one it is nor what was written before it (measured on
PrestaShop 8.2.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prestashop.errors import ShopAnswerUnreadable, ShopBlocked, ShopCrashed, ShopError, ShopRefusal
from prestashop.nodes import Node, id_of
from prestashop.outcomes import Outcome, Refused, Unknown, Written

_WRITTEN_ALL_THE_SAME: Final = 86
"""The code for an unknown association: the entity that it is about has been written."""


@dataclass(frozen=True, slots=True)
class CreateVerdict:
    """What a failed create decided: outcomes by position, and the position to be sent again on its own.

    Positions in neither were not reached: they are to be sent again.
    """

    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    suspect: int | None = None


def judge_create(error: ShopError, found: Sequence[Node | None], *, again_alone: bool) -> CreateVerdict:
    """Judge a POST that failed after the shop had worked on it; ``found`` is what a look-up found, in order.

    - The shop's own error is about the first one missing: refused.
    - A PHP error or a crash says nothing about anybody. The first one missing is sent once more, alone: a
      deadlock will have passed. When it fails again, PHP's complaint is a refusal (a product without a name),
      and a crash stays unknown (a missing parent category, a broken module).
    - With an unreadable answer those missing stay unknown: it may be a page of something else.
    """
    written = {at: Written(id_of(node), node) for at, node in enumerate(found) if node is not None}
    missing = [at for at, node in enumerate(found) if node is None]
    if not missing:
        return CreateVerdict(written)
    if not isinstance(error, ShopRefusal | ShopCrashed):
        return CreateVerdict({**written, **{at: Unknown(error, sent=True) for at in missing}})
    if isinstance(error, ShopRefusal) and error.code == _WRITTEN_ALL_THE_SAME and written:
        return CreateVerdict(written)
    if isinstance(error, ShopRefusal) and (again_alone or not error.from_php):
        return CreateVerdict({**written, missing[0]: Refused(error.code, error.message)})
    if again_alone:
        return CreateVerdict({**written, missing[0]: Unknown(error, sent=True)})
    return CreateVerdict(written, suspect=missing[0])


def judge_single_write(error: ShopError, entity_id: int) -> Outcome:
    """Judge a PUT or PATCH of one entity that failed after the shop had worked on it."""
    if isinstance(error, ShopRefusal):
        return Refused(error.code, error.message)
    if isinstance(error, ShopBlocked):
        return Refused(None, "larger than the shop takes")
    if isinstance(error, ShopAnswerUnreadable) and error.accepted:
        # The shop repeats a text with ]]> so that its answer is not well-formed; the status is its word.
        return Written(entity_id)
    return Unknown(error, sent=True)


def too_large(error: ShopError) -> bool:
    """Tell whether a body was refused for its size, so that smaller ones may pass."""
    return isinstance(error, ShopBlocked) and error.status == 413
