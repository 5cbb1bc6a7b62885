from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.shops import ShopSettings
from gateway.access.caller import Caller
from gateway.access.scopes import SCOPES_OF_ROLE, Role, Scope, granted
from gateway.access.shop_choice import chosen_shop
from gateway.errors import Refusal
from gateway.operations.operation import Open, Operation, Operations, Tag

OF_SEED_001 = {
    "products:read", "products:write", "products:delete", "imports:write", "exports:read", "suppliers:read",
    "connectors:sync", "analytics:read", "admin:*",
}  # fmt: skip


def test_the_scopes_of_the_api_are_there() -> None:
    assert set(Scope) >= OF_SEED_001


def test_each_role_can_do_what_the_one_below_it_can_and_more() -> None:
    for below, above in pairwise([Role.VIEWER, Role.MANAGER, Role.ADMIN]):
        assert SCOPES_OF_ROLE[below] < SCOPES_OF_ROLE[above]
    assert all(scope.endswith(":read") for scope in SCOPES_OF_ROLE[Role.VIEWER])
    assert Scope.ADMIN not in SCOPES_OF_ROLE[Role.MANAGER]


@given(st.sets(st.sampled_from(Scope)), st.sampled_from(Role))
def test_a_key_never_reaches_beyond_its_creators_role_nor_its_own_scopes(
    scopes: set[Scope], role: Role
) -> None:
    reached = granted(scopes, role)
    assert reached <= SCOPES_OF_ROLE[role]
    assert reached <= scopes or Scope.ADMIN in scopes


LOOK = Operation(
    method="GET", path="/things", operation_id="look", tag=Tag.USERS, scope=Scope.ADMIN, summary="Things"
)


def test_what_is_no_operation_is_found_by_no_method_and_no_path() -> None:
    operations = Operations([LOOK])
    assert operations.find("POST", "/things") is None
    assert operations.find("GET", "/everything") is None
    assert operations.find("HEAD", "/things") is operations.find("GET", "/things") is LOOK


def test_an_operation_is_open_needs_any_credential_or_one_scope() -> None:
    assert LOOK.needed_scopes == {Scope.ADMIN}
    assert not LOOK.is_open_to_all
    assert replace(LOOK, scope=Open.TO_CALLERS).needed_scopes == frozenset()
    assert not replace(LOOK, scope=Open.TO_CALLERS).is_open_to_all
    assert replace(LOOK, scope=Open.TO_ALL).is_open_to_all


@pytest.mark.parametrize("changed", [{"path": "/others"}, {"operation_id": "others"}])
def test_two_operations_share_neither_a_place_nor_a_name(changed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"has two operations|are called"):
        Operations([LOOK, replace(LOOK, **changed)])  # type: ignore[arg-type]  # one of the texts of the form


SHOPS = [
    ShopSettings(id="milano", url="http://127.0.0.1:1", key="k"),  # type: ignore[arg-type]  # as in the file
    ShopSettings(id="lab", url="http://127.0.0.1:2", key="k", test=True),  # type: ignore[arg-type]  # likewise
]


@pytest.mark.parametrize(
    ("test", "asked", "shop"),
    [
        (None, None, "milano"),
        (None, "lab", "lab"),
        (None, "milano", "milano"),
        (False, None, "milano"),
        (True, None, "lab"),
        (True, "lab", "lab"),
    ],
)
def test_a_caller_gets_the_shop_that_it_asks_for_or_its_first(
    test: bool | None, asked: str | None, shop: str
) -> None:
    assert chosen_shop(Caller("u", "default", test=test), SHOPS, asked) == shop


@pytest.mark.parametrize(
    ("test", "asked", "status", "says"),
    [
        (True, "milano", 403, "pm_live_"),
        (False, "lab", 403, "pm_test_"),
        (True, "nowhere", 422, "The shops of this test key are: lab."),
        (None, "nowhere", 422, "The shops of this tenant are: milano, lab."),
    ],
)
def test_a_shop_of_the_other_kind_or_of_nobody_is_refused(
    test: bool | None, asked: str, status: int, says: str
) -> None:
    with pytest.raises(Refusal) as refused:
        chosen_shop(Caller("u", "default", test=test), SHOPS, asked)
    assert refused.value.status == status
    assert says in refused.value.details[0].message


def test_a_test_key_without_a_test_shop_writes_nowhere() -> None:
    with pytest.raises(Refusal) as refused:
        chosen_shop(Caller("u", "default", test=True), SHOPS[:1], None)
    assert refused.value.details[0].message == "This test key has no shop."
