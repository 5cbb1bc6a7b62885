"""`skuwire`: wires the commands."""

import typer

from skuwire.commands.dead_letters import dead_letters
from skuwire.commands.demo import demo
from skuwire.commands.keys import keys
from skuwire.commands.logs import logs
from skuwire.commands.partners import partners
from skuwire.commands.postman import postman
from skuwire.commands.push import push
from skuwire.commands.shops import shops
from skuwire.commands.status import status
from skuwire.commands.token import token
from skuwire.commands.up import down, up
from skuwire.commands.users import users
from skuwire.commands.webhooks import webhooks

app = typer.Typer(
    name="skuwire",
    help="Brings every PrestaShop shop to the state that an ERP describes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold credentials
)
for command in (up, down, push, status, demo, logs, token, postman):
    app.command()(command)
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")
app.add_typer(shops, name="shops")
app.add_typer(webhooks, name="webhooks")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(partners, name="partners")

if __name__ == "__main__":
    app()
