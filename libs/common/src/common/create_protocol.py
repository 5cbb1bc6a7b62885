"""How something is created exactly once in a shop where nothing is unique and an answer may be lost. Pure.

For products, brands, features, options and their values, combinations and pictures alike:

1. Every pass holds a lease with an epoch. Requests are only sent while the lease lasts.
2. What is to be created is looked up first; a look-up that fails decides nothing.
3. Found: it is adopted. Not found, and no create outstanding: its `Post` (the intent record) is committed,
   then sent.
4. An answer ends the post. Without one it stays outstanding, and "not found" is believed only once the shop
   can no longer be writing it: `patience` after a look-up under a *later* lease. Counting from the intent is
   not enough, because under one renewed lease the request may have been sent long after it.

`patience` is the longest time in which the shop may still write a request that we gave up, plus a lease: a
process may have been frozen between making sure of its lease and writing to the socket.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_LOOK = timedelta(seconds=1)


@dataclass(frozen=True)
class Post:
    """A create that was committed and perhaps sent, and whose answer is not recorded.

    `epoch` is that of the lease under which it is sent, None once the shop has said that it stopped working
    on the request: then a look-up tells for good. `waiting_since` is the first look-up under a later lease.
    """

    epoch: int | None
    waiting_since: datetime | None = None


class Answer(StrEnum):
    """What an answer to a create says about one of its entities."""

    WRITTEN = "written"  # the shop has it
    NOT_WRITTEN = "not written"  # surely: refused, or never sent
    STOPPED = "stopped"  # the shop broke off and is not working on it any more
    NONE = "none"  # lost: it was, is being, or will be written, or not


@dataclass(frozen=True)
class Adopt:
    """The shop has it. `ours`: we had sent a create for it."""

    ours: bool


@dataclass(frozen=True)
class Absent:
    """The shop surely does not have it."""


@dataclass(frozen=True)
class Wait:
    """The shop may still be writing it: keep `post`, look again at a time."""

    post: Post
    look_at: datetime


def judge(
    post: Post | None, *, found: bool, epoch: int, now: datetime, patience: timedelta
) -> Adopt | Absent | Wait:
    """What a look-up that succeeded says. `now` is the database's time before it, `epoch` its lease's."""
    if found:
        return Adopt(ours=post is not None)
    if post is None or post.epoch is None:
        return Absent()
    since = now if post.waiting_since is None or post.epoch == epoch else post.waiting_since
    if post.epoch != epoch and now >= since + patience:
        return Absent()
    # At growing distances: what is written late is adopted soon, and a long wait costs few requests.
    return Wait(Post(post.epoch, since), min(since + patience, now + max(now - since, FIRST_LOOK)))


def after_answer(post: Post, answer: Answer) -> Post | None:
    """What is still outstanding after an answer; None when nothing is."""
    if answer is Answer.NONE:
        return post
    return Post(epoch=None) if answer is Answer.STOPPED else None
