"""`skuwire postman`: what Postman must know of the gateway that runs here."""

import json
from typing import Any

import typer

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption
from skuwire.places import Login, inbound_secret, needed_credentials
from skuwire.problems import Problem, tell


def postman(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Write a Postman environment to standard output: address and login, for `/postman_collection.json`.

    Example: skuwire postman > environment.json
    """
    login = Login(gateway, email, password, data_dir)
    try:
        credentials = needed_credentials(login)
    except Problem as problem:
        raise tell(problem) from None
    values = {
        "base_url": credentials.url,
        "jwt_token": "",
        "email": credentials.email,
        "password": credentials.password.get_secret_value(),
        "inbound_secret": inbound_secret(credentials.url, data_dir),
    }
    typer.echo(json.dumps(environment(values), indent=2))


def environment(values: dict[str, str]) -> dict[str, Any]:
    """An environment in the form of Postman."""
    return {
        "name": "Skuwire",
        "values": [{"key": key, "value": value, "enabled": True} for key, value in values.items()],
        "_postman_variable_scope": "environment",
    }
