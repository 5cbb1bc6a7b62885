from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.access.forms import read_login, read_new_key, read_user_change
from gateway.access.scopes import Role
from gateway.errors import Refusal

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OF_SEED_001 = {
    "name": "Intégration ERP Production",
    "scopes": ["products:read", "products:write", "imports:write", "exports:read"],
    "expires_at": None,
}


def test_a_key_is_asked_for_as_the_api_describes_it() -> None:
    wanted = read_new_key(OF_SEED_001, NOW)
    assert (wanted.name, wanted.expires_at, wanted.test) == (OF_SEED_001["name"], None, False)
    assert {scope.value for scope in wanted.scopes} == set(OF_SEED_001["scopes"])
    paris = read_new_key(OF_SEED_001 | {"expires_at": "2027-01-01T01:00:00+01:00"}, NOW)
    assert paris.expires_at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["products:burn"]}, "scopes"),
        ({"scopes": "products:read"}, "scopes"),
        ({"scopes": [["products:read"]]}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": 4102444800}, "expires_at"),
        ({"test": "yes"}, "test"),
        ({"test": True, "scopes": ["admin:*"]}, "scopes"),
        ({"key": "pm_live_mine"}, "key"),
    ],
)
def test_a_mistake_is_told_with_its_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_new_key(OF_SEED_001 | changed, NOW)
    assert (refused.value.status, [reason.field for reason in refused.value.details]) == (422, [field])


def test_the_extremes_of_time_are_no_crash() -> None:
    for instant in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(Refusal):
            read_new_key(OF_SEED_001 | {"expires_at": instant}, NOW)


def test_a_change_of_a_user_says_only_what_changes() -> None:
    assert read_user_change({}, "erp@example.com").role is None
    assert read_user_change({"role": "viewer"}, "erp@example.com").role is Role.VIEWER
    for body in ({"role": "root"}, {"role": None}, {"password": None}, {"email": "x@example.com"}):
        with pytest.raises(Refusal):
            read_user_change(body, "erp@example.com")


def test_a_login_is_read_in_lower_case_and_its_password_as_it_is() -> None:
    credentials = read_login({"email": " Erp@Example.com ", "password": " A b "})
    assert (credentials.email, credentials.password) == ("erp@example.com", " A b ")
