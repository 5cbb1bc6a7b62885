"""`skuwire token`: an access token for other programs."""

import typer

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption
from skuwire.gateway import Gateway
from skuwire.places import Login, needed_credentials
from skuwire.running import run_command


def token(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Log in and write an access token, valid for two hours, to standard output and nothing else.

    Example: curl -H "Authorization: Bearer $(skuwire token)" http://127.0.0.1:8080/api/v1/webhooks
    """
    typer.echo(run_command(_token(Login(gateway, email, password, data_dir))))


async def _token(login: Login) -> str:
    async with Gateway(needed_credentials(login)) as gateway:
        return (await gateway.token()).get_secret_value()
