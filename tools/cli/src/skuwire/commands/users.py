"""`skuwire users …`: who can log in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.opening import works_with
from skuwire.commands.options import (
    DataDirOption,
    EmailOption,
    GatewayOption,
    OperatorTokenOption,
    PasswordOption,
    console,
)
from skuwire.gateway import Gateway
from skuwire.places import Login, credentials_of
from skuwire.problems import SKUWIRE, Problem

users = typer.Typer(
    help="Look after who can log in: for admins, within their tenant, or with --operator within any.",
    no_args_is_help=True,
)


class Role(StrEnum):
    """What a user may do: look, write products, or everything."""

    VIEWER = "viewer"
    MANAGER = "manager"
    ADMIN = "admin"


User = Annotated[str, typer.Argument(metavar="USER", help="The user's e-mail address.")]
RoleOption = Annotated[Role, typer.Option("--role", help="viewer reads, manager writes products.")]
NewPasswordOption = Annotated[
    str,
    typer.Option(
        "--new-password",
        envvar="SKUWIRE_NEW_PASSWORD",
        prompt="The user's password, at least 12 characters",
        hide_input=True,
        confirmation_prompt=True,
        help="Asked for where it is not given; in the environment other users do not see it.",
    ),
]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="For the operator: whose user it is.", show_default=False)
]
OfTenantOption = Annotated[
    str | None, typer.Option("--tenant", help="For the operator: of this tenant alone.", show_default=False)
]


@asynccontextmanager
async def looking_after_users(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
    *,
    operator: Annotated[bool, typer.Option("--operator", help="Users of any tenant.")] = False,
    operator_token: OperatorTokenOption = None,
) -> AsyncIterator[Gateway]:
    """The gateway that is meant, for an admin, or with `--operator` for the operator."""
    login = Login(gateway, email, password, data_dir)
    async with Gateway(credentials_of(login, operator=operator, token=operator_token)) as opened:
        yield opened


@users.command("list")
@works_with(looking_after_users)
async def list_(gateway: Gateway, *, tenant: OfTenantOption = None) -> None:
    """Show the users of the tenant; with --operator of all tenants, or of one.

    Example: skuwire users list --operator --tenant acme
    """
    table = Table("e-mail", "role", "tenant", "since")
    for user in await gateway.users(tenant):
        table.add_row(escape(user["email"]), user["role"], escape(user["tenant_id"]), user["created_at"])
    console.print(table)


@users.command()
@works_with(looking_after_users)
async def add(
    gateway: Gateway,
    user: User,
    new_password: NewPasswordOption,
    *,
    role: RoleOption = Role.VIEWER,
    tenant: TenantOption = None,
) -> None:
    """Let somebody log in. The first admin of a new tenant is the operator's to add.

    Example: skuwire users add anna@acme.example --role admin --tenant acme --operator
    """
    await gateway.add_user(user, new_password, role.value, tenant)
    console.print(f"{escape(user)} can log in now, as {role}")


@users.command("role")
@works_with(looking_after_users)
async def change_role(
    gateway: Gateway,
    user: User,
    role: Annotated[Role, typer.Argument(help="What the user may do from now on.")],
) -> None:
    """Give a user another role; it counts within five seconds.

    Example: skuwire users role anna@example.com viewer
    """
    await gateway.change_user(await _id_of(gateway, user), {"role": role.value})
    console.print(f"{escape(user)} is {role} now")


@users.command("password")
@works_with(looking_after_users)
async def change_password(gateway: Gateway, user: User, new_password: NewPasswordOption) -> None:
    """Give a user another password, which ends what was logged in with the old one.

    Example: skuwire users password anna@example.com
    """
    await gateway.change_user(await _id_of(gateway, user), {"password": new_password})
    console.print(f"{escape(user)} has another password now")


@users.command()
@works_with(looking_after_users)
async def remove(gateway: Gateway, user: User) -> None:
    """Let somebody log in no more; the API keys that they made end as well.

    Example: skuwire users remove anna@example.com
    """
    await gateway.remove_user(await _id_of(gateway, user))
    console.print(f"{escape(user)} is removed")


async def _id_of(gateway: Gateway, user: str) -> str:
    for known in await gateway.users():
        if known["email"] == user.strip().lower():
            return str(known["user_id"])
    raise Problem(f"there is no user {user}", f"Look with: {SKUWIRE} users list")
