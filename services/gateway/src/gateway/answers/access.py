"""What is answered about logins, users and API keys."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from gateway.access.scopes import Role, Scope
from gateway.answers.words import ShopId

Second = Annotated[
    str,
    Field(
        description="A time in UTC, to the second.",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        examples=["2026-05-01T08:00:00Z"],
    ),
]
UserId = Annotated[str, Field(examples=["usr_4f8a0b6f0d1c2e3a"])]
Email = Annotated[str, Field(examples=["erp@example.com"])]
ApiKeyId = Annotated[str, Field(pattern="^key_[0-9a-f]{16}$", examples=["key_1f2e3d4c5b6a7988"])]
Tenant = Annotated[str, Field(description="Whose data the user works with.", examples=["default"])]
ScopeName = Annotated[Scope, Field(examples=[Scope.PRODUCTS_READ.value])]
RoleName = Annotated[Role, Field(examples=[Role.ADMIN.value])]


class Tokens(TypedDict):
    """An access token, for the header `Authorization`, and what the next one is got with."""

    access_token: Annotated[str, Field(examples=["eyJ…"])]
    refresh_token: Annotated[str, Field(description="Good for one use.", examples=["pm_refresh_…"])]
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Seconds of the access token.", examples=[7200])]


class WhoCalls(TypedDict):
    """Who calls, and what it may do."""

    user_id: UserId
    email: Email
    role: RoleName
    tenant_id: Tenant
    scopes: list[ScopeName]
    api_key_id: Annotated[ApiKeyId | None, Field(description="The key that was sent, if it was one.")]
    shops: Annotated[list[ShopId], Field(description="The shops that the caller works with.")]


class ShownUser(TypedDict):
    """A user."""

    user_id: UserId
    email: Email
    role: RoleName
    tenant_id: Tenant
    created_at: Second


class Users(TypedDict):
    """The users of a tenant, by e-mail address."""

    users: list[ShownUser]


class AddedApiKey(TypedDict):
    """A new key, shown this once."""

    api_key_id: ApiKeyId
    name: Annotated[str, Field(examples=["ERP"])]
    key: Annotated[str, Field(description="The whole text of the key.", examples=["pm_live_…"])]
    scopes: list[ScopeName]
    created_at: Second
    expires_at: Second | None


class ShownApiKey(TypedDict):
    """A key as it is listed: its text is shown no more."""

    api_key_id: ApiKeyId
    key_start: Annotated[str, Field(description="Its first twelve characters.", examples=["pm_live_4fQz"])]
    name: Annotated[str, Field(examples=["ERP"])]
    scopes: list[ScopeName]
    test: Annotated[bool, Field(description="Whether it is for test shops.", examples=[False])]
    created_by: Annotated[UserId, Field(description="The user whose role it never reaches beyond.")]
    created_at: Second
    expires_at: Second | None
    last_used_at: Annotated[Second | None, Field(description="True to a minute.")]
    revoked_at: Second | None


class ApiKeys(TypedDict):
    """The keys of a tenant."""

    api_keys: list[ShownApiKey]
