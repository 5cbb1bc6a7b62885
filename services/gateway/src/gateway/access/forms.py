"""What is sent about users, sessions and API keys."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from gateway.access.passwords import MAX_CHARACTERS, MIN_CHARACTERS, weakness_of_password
from gateway.access.scopes import NOT_FOR_TEST_KEYS, Role, Scope
from gateway.forms import Form, ProblemWith, read_form, without
from gateway.strict_json import Json

MAX_EMAIL_CHARACTERS = 254
MAX_NAME_CHARACTERS = 100
MAX_TOKEN_CHARACTERS = 200
EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def _no_text(most: int) -> ProblemWith:
    def problem(value: Any, _info: ValidationInfo) -> str | None:
        if isinstance(value, str) and 0 < len(value) <= most:
            return None
        return f"must be a text of 1 to {most} characters"

    return problem


def _no_email(value: Any, _info: ValidationInfo) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_EMAIL_CHARACTERS and EMAIL.fullmatch(value.strip()):
        return None
    return "must be an e-mail address"


def _no_password(value: Any, info: ValidationInfo) -> str | None:
    """The user's address is in the form, or known already."""
    email = info.data.get("email") or (info.context or {}).get("email", "")
    return weakness_of_password(value, email) if isinstance(value, str) else "must be a text"


def _no_role(value: Any, _info: ValidationInfo) -> str | None:
    return None if value in list(Role) else f"must be one of {', '.join(Role)}"


def _no_name(value: Any, _info: ValidationInfo) -> str | None:
    if isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME_CHARACTERS and value.isprintable():
        return None
    return f"must be a text of 1 to {MAX_NAME_CHARACTERS} characters in one line"


def _no_tenant(value: Any, _info: ValidationInfo) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= MAX_NAME_CHARACTERS and value.isprintable():
        return None
    return f"must be a tenant's name, of 1 to {MAX_NAME_CHARACTERS} characters in one line"


def _no_flag(value: Any, _info: ValidationInfo) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _no_scopes(value: Any, info: ValidationInfo) -> str | None:
    if not isinstance(value, list) or not value or any(scope not in list(Scope) for scope in value):
        return f"must be a list of at least one of {', '.join(Scope)}"
    if info.data.get("test") and (not_for_test := NOT_FOR_TEST_KEYS.intersection(value)):
        return f"of a test key cannot be {', '.join(sorted(not_for_test))}: that is of live shops too"
    return None


def _no_future(value: Any, info: ValidationInfo) -> str | None:
    if value is None:
        return None
    instant = _instant(value)
    if instant is None:
        return "must be null or a time with its zone, for example 2027-01-31T00:00:00Z"
    now: datetime = (info.context or {})["now"]
    return None if instant > now else "must be in the future"


def _instant(value: Any) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def _lower(email: str) -> str:
    return email.strip().lower()


def _in_order(scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
    return tuple(scope for scope in Scope if scope in scopes)


Email = Annotated[
    str,
    without(_no_email),
    AfterValidator(_lower),
    WithJsonSchema({"type": "string", "maxLength": MAX_EMAIL_CHARACTERS, "examples": ["ada@example.com"]}),
]
PASSWORD = WithJsonSchema({"type": "string", "minLength": MIN_CHARACTERS, "maxLength": MAX_CHARACTERS})
ROLE = WithJsonSchema({"type": "string", "enum": [role.value for role in Role]})


LongText = Annotated[
    str,
    without(_no_text(MAX_CHARACTERS)),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS}),
]
Expiry = Annotated[
    datetime | None,
    BeforeValidator(lambda value: None if value is None else _instant(value)),
    without(_no_future),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
]
Scopes = Annotated[
    tuple[Scope, ...],
    AfterValidator(_in_order),
    without(_no_scopes),
    WithJsonSchema({"type": "array", "items": {"enum": [scope.value for scope in Scope]}, "minItems": 1}),
]
KeyName = Annotated[
    str,
    AfterValidator(str.strip),
    without(_no_name),
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARACTERS, "description": "In one line."}
    ),
]


class Login(Form):
    """Who logs in."""

    email: Annotated[LongText, AfterValidator(_lower)]
    password: LongText


def _no_new_password(value: Any, info: ValidationInfo) -> str | None:
    return _no_password(value, info) or ("is the present one" if value == info.data.get("current") else None)


class PasswordChange(Form):
    """The present password, and the one that takes its place."""

    current: LongText
    new: Annotated[str, without(_no_new_password), PASSWORD]


class SentRefreshToken(Form):
    """The refresh token of a session."""

    refresh_token: Annotated[
        str,
        without(_no_text(MAX_TOKEN_CHARACTERS)),
        WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TOKEN_CHARACTERS}),
    ]


class NewUser(Form):
    """Somebody who is to be able to log in."""

    email: Email
    password: Annotated[str, without(_no_password), PASSWORD]
    role: Annotated[Role, without(_no_role), ROLE]
    tenant: Annotated[
        str | None,
        without(_no_tenant),
        WithJsonSchema(
            {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_NAME_CHARACTERS,
                "description": "Whose data the user works with: the caller's own tenant, which may be left "
                "out. Only the operator names another, and always names one.",
            }
        ),
    ] = None


class UserChange(Form):
    """What is left out stays as it is."""

    role: Annotated[Role | None, without(_no_role), ROLE] = None
    password: Annotated[str | None, without(_no_password), PASSWORD] = None


class NewKey(Form):
    """The key that is wanted. A `test` key works with test shops alone."""

    name: KeyName
    test: Annotated[bool, without(_no_flag)] = False
    scopes: Scopes
    expires_at: Expiry = None


def read_login(body: Json) -> Login:
    """E-mail address, in lower case, and password. Raises `Refusal`: 400, 422."""
    return read_form(Login, body)


def read_password_change(body: Json, email: str) -> PasswordChange:
    """For the user with this e-mail address. Raises `Refusal`: 400, 422."""
    return read_form(PasswordChange, body, email=email)


def read_refresh_token(body: Json) -> str:
    """The refresh token. Raises `Refusal`: 400, 422."""
    return read_form(SentRefreshToken, body).refresh_token


def read_new_user(body: Json) -> NewUser:
    """Raises `Refusal`: 400, 422."""
    return read_form(NewUser, body)


def read_user_change(body: Json, email: str) -> UserChange:
    """For the user of this e-mail address. Raises `Refusal`: 400, 422."""
    return read_form(UserChange, body, email=email)


def read_new_key(body: Json, now: datetime) -> NewKey:
    """Raises `Refusal`: 400, 422."""
    return read_form(NewKey, body, now=now)
