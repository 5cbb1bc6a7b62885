"""Whatever the shop does to the entities of a request, each gets its true outcome, and none is doubled."""

import asyncio
from collections import Counter
from enum import Enum, auto

from hypothesis import given
from hypothesis import strategies as st

from prestashop import (
    Complaint,
    Refused,
    ShopAnswerLost,
    ShopCrashed,
    ShopRefusal,
    ShopTimeout,
    ShopUnreachable,
    Unknown,
    Written,
)
from prestashop.identities import key_of
from prestashop.writing import create, delete, modify

INVALID = ShopRefusal(400, [Complaint(85, "Property Product->price is not valid")])
WARNING = ShopRefusal(500, [Complaint(3, "[PHP Warning #2] foreach()")])
NOTICE = ShopRefusal(500, [Complaint(5, "[PHP Notice #8] offset")])


class Fate(Enum):
    """What the shop does to an entity."""

    GOOD = auto()
    INVALID = auto()
    PHP_WARNING = auto()
    WRITTEN_WITH_A_NOTICE = auto()
    DEADLOCK_ONCE = auto()
    CRASHES_ALWAYS = auto()


class FakeShop:
    """Writes entities one after the other, without a transaction, up to the first bad one."""

    def __init__(self, fates, failing=None, at=None):
        self.fates = dict(enumerate(fates))
        self.rows: list[str] = []
        self.requests = 0
        self.look_ups = 0
        self.failing, self.at = failing, at

    async def send(self, method, resource, nodes):
        self.requests += 1
        noticed = False
        if self.requests == self.at and not self.failing.sent:
            raise self.failing
        for node in nodes:
            number = int(node["reference"])
            fate = self.fates[number]
            self._stop_at(fate, number)
            noticed |= fate is Fate.WRITTEN_WITH_A_NOTICE
            if method == "POST":
                self.rows.append(node["reference"])
        if self.requests == self.at:
            raise self.failing
        if noticed:
            raise NOTICE
        return [{"id": str(int(node["reference"]) + 1), **node} for node in nodes]

    def _stop_at(self, fate, number):
        match fate:
            case Fate.INVALID:
                raise INVALID
            case Fate.PHP_WARNING:
                raise WARNING
            case Fate.CRASHES_ALWAYS:
                raise ShopCrashed
            case Fate.DEADLOCK_ONCE:
                self.fates[number] = Fate.GOOD
                raise ShopCrashed

    async def send_delete(self, resource, ids):
        self.requests += 1
        missing = [entity_id for entity_id in ids if self.fates[entity_id] is Fate.INVALID]
        if missing:
            raise ShopRefusal(404, [Complaint(87, f"Id(s) not exists: {', '.join(map(str, missing))}")])
        if any(self.fates[entity_id] is Fate.CRASHES_ALWAYS for entity_id in ids):
            raise ShopCrashed

    async def identify(self, resource, nodes, identity):
        self.look_ups += 1
        keys = [key_of(node, identity) for node in nodes]
        return [{"id": str(int(key) + 1), "reference": key} if key in self.rows else None for key in keys]

    async def stored(self, resource, ids, fields):
        self.look_ups += 1
        return {
            i: {"id": str(i), "reference": str(i - 1)}
            for i in ids
            if self.fates[i - 1] in {Fate.WRITTEN_WITH_A_NOTICE, Fate.GOOD}
        }


fates = st.lists(st.sampled_from(Fate), max_size=7)


@given(fates)
def test_each_entity_of_a_create_gets_the_outcome_that_is_true(fates):
    shop = FakeShop(fates)
    nodes = [{"reference": str(number)} for number in range(len(fates))]
    outcomes = asyncio.run(create(shop, "products", nodes, ("reference",)))
    assert all(count == 1 for count in Counter(shop.rows).values())
    crashes = 2 * fates.count(Fate.CRASHES_ALWAYS) + fates.count(Fate.DEADLOCK_ONCE)
    for number, (fate, outcome) in enumerate(zip(fates, outcomes, strict=True)):
        assert isinstance(outcome, Written) == (str(number) in shop.rows)
        if crashes >= 8 and isinstance(outcome, Unknown):
            continue  # the shop crashed so often that it was left alone
        match fate:
            case Fate.INVALID:
                assert outcome == Refused(85, INVALID.message)
            case Fate.PHP_WARNING:
                assert outcome == Refused(3, WARNING.message)
            case Fate.CRASHES_ALWAYS:
                assert isinstance(outcome.error, ShopCrashed)
            case _:
                assert outcome.id == number + 1
    assert shop.requests <= 1 + 2 * len(fates)


@given(
    fates, st.sampled_from([ShopUnreachable("x"), ShopTimeout(), ShopAnswerLost("502")]), st.integers(1, 9)
)
def test_a_connection_that_fails_leaves_nothing_wrongly_certain(fates, failing, at):
    shop = FakeShop(fates, failing, at)
    nodes = [{"reference": str(number)} for number in range(len(fates))]
    outcomes = asyncio.run(create(shop, "products", nodes, ("reference",)))
    assert all(count == 1 for count in Counter(shop.rows).values())
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Written):
            assert str(number) in shop.rows
        if isinstance(outcome, Refused) or (isinstance(outcome, Unknown) and not outcome.sent):
            assert str(number) not in shop.rows


def test_a_failed_look_up_is_never_not_found():
    class Blind(FakeShop):
        async def identify(self, resource, nodes, identity):
            raise ShopTimeout

    nodes = [{"reference": "0"}, {"reference": "1"}]
    blind = Blind([Fate.GOOD, Fate.INVALID])
    outcomes = asyncio.run(create(blind, "products", nodes, ("reference",)))
    assert outcomes == [Unknown(INVALID, sent=True)] * 2


def test_a_shop_that_only_crashes_is_left_alone_soon():
    shop = FakeShop([Fate.CRASHES_ALWAYS] * 50)
    nodes = [{"reference": str(number)} for number in range(50)]
    outcomes = asyncio.run(create(shop, "products", nodes, ("reference",)))
    assert all(isinstance(outcome, Unknown) for outcome in outcomes)
    assert shop.requests == 8
    shop.requests = 0
    asyncio.run(modify(shop, "PATCH", "products", [{"id": n + 1, "reference": str(n)} for n in range(50)]))
    assert shop.requests < 16


@given(fates)
def test_each_entity_of_a_patch_gets_the_outcome_that_is_true(fates):
    shop = FakeShop(fates)
    nodes = [{"id": number + 1, "reference": str(number)} for number in range(len(fates))]
    outcomes = asyncio.run(modify(shop, "PATCH", "products", nodes))
    for fate, outcome in zip(fates, outcomes, strict=True):
        match fate:
            case Fate.INVALID:
                assert outcome == Refused(85, INVALID.message)
            case Fate.PHP_WARNING:
                assert outcome == Refused(3, WARNING.message)
            case Fate.CRASHES_ALWAYS:
                assert outcome.sent
            case Fate.DEADLOCK_ONCE if len(fates) == 1:
                assert outcome.sent
            case Fate.GOOD | Fate.WRITTEN_WITH_A_NOTICE:
                assert isinstance(outcome, Written)
    assert shop.requests <= max(2 * len(fates) - 1, 0)


@given(st.lists(st.sampled_from([Fate.GOOD, Fate.INVALID, Fate.CRASHES_ALWAYS]), max_size=7))
def test_what_the_shop_does_not_have_counts_as_deleted(fates):
    shop = FakeShop(fates)
    outcomes = asyncio.run(delete(shop, "products", list(range(len(fates)))))
    for number, (fate, outcome) in enumerate(zip(fates, outcomes, strict=True)):
        if fate is Fate.CRASHES_ALWAYS:
            assert isinstance(outcome, Unknown)
        else:
            assert outcome == Written(number)


def test_one_bad_product_among_fifty_is_found_in_few_requests():
    shop = FakeShop([Fate.GOOD] * 30 + [Fate.INVALID] + [Fate.GOOD] * 19)
    nodes = [{"id": number + 1, "reference": str(number)} for number in range(50)]
    outcomes = asyncio.run(modify(shop, "PATCH", "products", nodes))
    assert [isinstance(outcome, Refused) for outcome in outcomes].index(True) == 30
    assert shop.requests <= 13
    shop = FakeShop([Fate.GOOD] * 30 + [Fate.INVALID] + [Fate.GOOD] * 19)
    asyncio.run(create(shop, "products", [{"reference": str(n)} for n in range(50)], ("reference",)))
    assert (shop.requests, shop.look_ups) == (2, 1)
