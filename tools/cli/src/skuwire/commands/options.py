"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

GatewayOption = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        envvar="SKUWIRE_GATEWAY_URL",
        help="Address of the gateway; default: that of the stack that runs here.",
    ),
]
EmailOption = Annotated[str | None, typer.Option("--email", envvar="SKUWIRE_EMAIL", help="Who logs in.")]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password",
        envvar="SKUWIRE_PASSWORD",
        help="Better set in the environment, where other users do not see it.",
        show_envvar=True,
    ),
]
ShopUrlOption = Annotated[
    str | None,
    typer.Option(
        "--shop-url", envvar="SKUWIRE_SHOP_URL", help="A PrestaShop to drive instead of a simulated one."
    ),
]
ShopKeyOption = Annotated[
    str | None,
    typer.Option(
        "--shop-key", envvar="SKUWIRE_SHOP_KEY", help="Its webservice key; better in the environment."
    ),
]
AmqpUrlOption = Annotated[
    str | None,
    typer.Option(
        "--amqp-url",
        envvar="SKUWIRE_AMQP_URL",
        help="RabbitMQ, as the services are told; default: that of the stack that runs here.",
    ),
]
RabbitmqctlOption = Annotated[
    str | None,
    typer.Option(
        "--rabbitmqctl",
        envvar="SKUWIRE_RABBITMQCTL",
        help="How its command is called: docker compose exec -T rabbitmq rabbitmqctl.",
    ),
]
ManagementUrlOption = Annotated[
    str | None,
    typer.Option(
        "--management-url",
        envvar="SKUWIRE_RABBITMQ_MANAGEMENT_URL",
        help="Instead of the command: https://user:password@host:15671, where the management plugin runs.",
    ),
]
PartnersAddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        envvar="SKUWIRE_PARTNERS_ADDRESS",
        help="Where partners connect: amqps://broker.example.com:5671; default: where we do.",
    ),
]
OperatorTokenOption = Annotated[
    str | None,
    typer.Option(
        "--operator-token",
        envvar="SKUWIRE_OPERATOR_TOKEN",
        help="The gateway's SKUWIRE_GATEWAY_OPERATOR_TOKEN; better in the environment.",
        show_envvar=True,
    ),
]

DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the stack that is meant; default: the one that runs here."),
]

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
"""What is not the result, where the result is a secret alone."""
