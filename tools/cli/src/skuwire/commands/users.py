"""`skuwire users …`: who can log in."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption, console
from skuwire.gateway import Gateway
from skuwire.places import Login, needed_credentials
from skuwire.problems import SKUWIRE, Problem
from skuwire.running import run_command

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
def list_(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the users of the tenant.

    Example: skuwire users list
    """
    found = run_command(_all(Login(gateway, email, password, data_dir)))
    table = Table("e-mail", "role", "since")
    for user in found:
        table.add_row(escape(user["email"]), user["role"], user["created_at"])
    console.print(table)


@users.command()
def add(
    user: User,
    new_password: NewPasswordOption,
    *,
    role: RoleOption = Role.VIEWER,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Let somebody log in.

    Example: skuwire users add anna@example.com --role manager
    """
    run_command(_add(Login(gateway, email, password, data_dir), user, new_password, role))
    console.print(f"{escape(user)} can log in now, as {role}")


@users.command("role")
def change_role(
    user: User,
    role: Annotated[Role, typer.Argument(help="What the user may do from now on.")],
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Give a user another role; it counts within five seconds.

    Example: skuwire users role anna@example.com viewer
    """
    run_command(_change(Login(gateway, email, password, data_dir), user, {"role": role.value}))
    console.print(f"{escape(user)} is {role} now")


@users.command("password")
def change_password(
    user: User,
    new_password: NewPasswordOption,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Give a user another password, which ends what was logged in with the old one.

    Example: skuwire users password anna@example.com
    """
    run_command(_change(Login(gateway, email, password, data_dir), user, {"password": new_password}))
    console.print(f"{escape(user)} has another password now")


@users.command()
def remove(
    user: User,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Let somebody log in no more; the API keys that they made end as well.

    Example: skuwire users remove anna@example.com
    """
    run_command(_remove(Login(gateway, email, password, data_dir), user))
    console.print(f"{escape(user)} is removed")


async def _all(login: Login) -> list[dict[str, Any]]:
    async with Gateway(needed_credentials(login)) as gateway:
        return await gateway.users()


async def _add(login: Login, user: str, new_password: str, role: Role) -> None:
    async with Gateway(needed_credentials(login)) as gateway:
        await gateway.add_user(user, new_password, role.value)


async def _change(login: Login, user: str, change: dict[str, str]) -> None:
    async with Gateway(needed_credentials(login)) as gateway:
        await gateway.change_user(await _id_of(gateway, user), change)


async def _remove(login: Login, user: str) -> None:
    async with Gateway(needed_credentials(login)) as gateway:
        await gateway.remove_user(await _id_of(gateway, user))


async def _id_of(gateway: Gateway, user: str) -> str:
    for known in await gateway.users():
        if known["email"] == user.strip().lower():
            return str(known["user_id"])
    raise Problem(f"there is no user {user}", f"Look with: {SKUWIRE} users list")
