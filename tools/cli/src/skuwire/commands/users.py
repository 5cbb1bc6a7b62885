"""`skuwire users …`: who can log in."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.opening import logged_in, works_with
from skuwire.commands.options import console
from skuwire.gateway import Gateway
from skuwire.problems import SKUWIRE, Problem

users = typer.Typer(help="Look after who can log in: for admins, within their tenant.", no_args_is_help=True)


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


@users.command("list")
@works_with(logged_in)
async def list_(gateway: Gateway) -> None:
    """Show the users of the tenant.

    Example: skuwire users list
    """
    table = Table("e-mail", "role", "since")
    for user in await gateway.users():
        table.add_row(escape(user["email"]), user["role"], user["created_at"])
    console.print(table)


@users.command()
@works_with(logged_in)
async def add(
    gateway: Gateway, user: User, new_password: NewPasswordOption, *, role: RoleOption = Role.VIEWER
) -> None:
    """Let somebody log in.

    Example: skuwire users add anna@example.com --role manager
    """
    await gateway.add_user(user, new_password, role.value)
    console.print(f"{escape(user)} can log in now, as {role}")


@users.command("role")
@works_with(logged_in)
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
@works_with(logged_in)
async def change_password(gateway: Gateway, user: User, new_password: NewPasswordOption) -> None:
    """Give a user another password, which ends what was logged in with the old one.

    Example: skuwire users password anna@example.com
    """
    await gateway.change_user(await _id_of(gateway, user), {"password": new_password})
    console.print(f"{escape(user)} has another password now")


@users.command()
@works_with(logged_in)
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
