"""`skuwire token`: an access token for other programs."""

import typer

from skuwire.commands.opening import logged_in, works_with
from skuwire.gateway import Gateway


@works_with(logged_in)
async def token(gateway: Gateway) -> None:
    """Log in and write an access token, valid for two hours, to standard output and nothing else.

    Example: curl -H "Authorization: Bearer $(skuwire token)" http://127.0.0.1:8080/api/v1/webhooks
    """
    typer.echo((await gateway.token()).get_secret_value())
