"""What is sent about users, sessions and API keys: read with every violation and its field."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.messages import Reason
from gateway.access.passwords import MAX_CHARACTERS, weakness_of_password
from gateway.access.scopes import NOT_FOR_TEST_KEYS, Role, Scope
from gateway.errors import unreadable, violated
from gateway.strict_json import Json

MAX_EMAIL_CHARACTERS = 254
MAX_NAME_CHARACTERS = 100
MAX_TOKEN_CHARACTERS = 200
EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


@dataclass(frozen=True)
class NewUser:
    """Somebody who is to be able to log in."""

    email: str
    password: str
    role: Role


@dataclass(frozen=True)
class UserChange:
    """None = it stays as it is."""

    role: Role | None
    password: str | None


@dataclass(frozen=True)
class NewKey:
    """The key that is wanted."""

    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None
    test: bool


class _Form:
    """Fields of one object; collects what is wrong with them."""

    def __init__(self, body: Json, fields: Collection[str]) -> None:
        if not isinstance(body, dict):
            raise unreadable(f"The body must be a JSON object with {', '.join(fields)}.")
        self._body: Mapping[str, Any] = body
        self._wrong = [
            Reason(code="field_unknown", field=str(name)[:100], message=f"Known are {', '.join(fields)}.")
            for name in body
            if name not in fields
        ]

    def says(self, name: str) -> bool:
        return name in self._body

    def read(self, name: str, problem_with: Callable[[Any], str | None]) -> Any:
        """The value; where `problem_with` finds one, it is noted."""
        value = self._body.get(name)
        if name not in self._body:
            self._wrong.append(Reason(code="field_missing", field=name, message=f"{name} is required."))
        elif problem := problem_with(value):
            self._wrong.append(Reason(code="value_invalid", field=name, message=f"{name} {problem}."))
        return value

    def check(self) -> None:
        """Raises `Refusal` (422) with all that was noted."""
        if self._wrong:
            raise violated(self._wrong)


def read_login(body: Json) -> tuple[str, str]:
    """E-mail address, in lower case, and password."""
    form = _Form(body, ("email", "password"))
    email = form.read("email", _no_text(MAX_CHARACTERS))
    password = form.read("password", _no_text(MAX_CHARACTERS))
    form.check()
    return email.strip().lower(), password


def read_password_change(body: Json, email: str) -> tuple[str, str]:
    """The present password and the new one, of the user with this e-mail address. Raises `Refusal`."""
    form = _Form(body, ("current", "new"))
    current = form.read("current", _no_text(MAX_CHARACTERS))
    new = form.read(
        "new",
        lambda value: _no_password(value, email) or ("is the present one" if value == current else None),
    )
    form.check()
    return current, new


def read_refresh_token(body: Json) -> str:
    """The refresh token."""
    form = _Form(body, ("refresh_token",))
    token: str = form.read("refresh_token", _no_text(MAX_TOKEN_CHARACTERS))
    form.check()
    return token


def read_new_user(body: Json) -> NewUser:
    """Raises `Refusal`: 400, 422."""
    form = _Form(body, ("email", "password", "role"))
    email = form.read("email", _no_email)
    address = email.strip().lower() if isinstance(email, str) else ""
    password = form.read("password", lambda value: _no_password(value, address))
    role = form.read("role", _no_role)
    form.check()
    return NewUser(address, password, Role(role))


def read_user_change(body: Json, email: str) -> UserChange:
    """For the user of this e-mail address. Raises `Refusal`: 400, 422."""
    form = _Form(body, ("role", "password"))
    role = form.read("role", _no_role) if form.says("role") else None
    password = (
        form.read("password", lambda value: _no_password(value, email)) if form.says("password") else None
    )
    form.check()
    return UserChange(Role(role) if role else None, password)


def read_new_key(body: Json, now: datetime) -> NewKey:
    """Raises `Refusal`: 400, 422."""
    form = _Form(body, ("name", "scopes", "expires_at", "test"))
    name = form.read("name", _no_name)
    test = form.read("test", _no_flag) if form.says("test") else False
    scopes = form.read("scopes", lambda value: _no_scopes(value, test=test is True))
    expires_at = (
        form.read("expires_at", lambda value: _no_future(value, now)) if form.says("expires_at") else None
    )
    form.check()
    wanted = tuple(scope for scope in Scope if scope.value in scopes)
    return NewKey(name.strip(), wanted, _instant(expires_at), test)


def _no_text(most: int) -> Callable[[Any], str | None]:
    def problem(value: Any) -> str | None:
        if isinstance(value, str) and 0 < len(value) <= most:
            return None
        return f"must be a text of 1 to {most} characters"

    return problem


def _no_email(value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_EMAIL_CHARACTERS and EMAIL.fullmatch(value.strip()):
        return None
    return "must be an e-mail address"


def _no_password(value: Any, email: str) -> str | None:
    return weakness_of_password(value, email) if isinstance(value, str) else "must be a text"


def _no_role(value: Any) -> str | None:
    return None if value in list(Role) else f"must be one of {', '.join(Role)}"


def _no_name(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME_CHARACTERS and value.isprintable():
        return None
    return f"must be a text of 1 to {MAX_NAME_CHARACTERS} characters in one line"


def _no_flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _no_scopes(value: Any, *, test: bool) -> str | None:
    if not isinstance(value, list) or not value or any(scope not in list(Scope) for scope in value):
        return f"must be a list of at least one of {', '.join(Scope)}"
    if test and (not_for_test := NOT_FOR_TEST_KEYS.intersection(value)):
        return f"of a test key cannot be {', '.join(sorted(not_for_test))}: that is of live shops too"
    return None


def _no_future(value: Any, now: datetime) -> str | None:
    if value is None:
        return None
    instant = _instant(value)
    if instant is None:
        return "must be null or a time with its zone, for example 2027-01-31T00:00:00Z"
    return None if instant > now else "must be in the future"


def _instant(value: Any) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None
