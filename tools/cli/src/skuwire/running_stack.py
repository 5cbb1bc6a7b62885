"""Bringing a stack up for a command, and telling where everything is."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from skuwire.places import ForeignShop, known_data_dirs
from skuwire.problems import SKUWIRE
from stack.stack import Stack, StackOptions


def stack_of(data_dir: Path, shop: ForeignShop | None, console: Console) -> Stack:
    """A stack, still down, with a simulated shop or for a foreign one."""
    if shop is None:
        options = StackOptions(data_dir=data_dir)
    else:
        environment = {"SKUWIRE_SHOP_URL": shop.url, "SKUWIRE_SHOP_KEY": shop.key.get_secret_value()}
        options = StackOptions(data_dir=data_dir, shops=(), environment=environment)
    return Stack(options, report=lambda step: console.print(f"  {escape(step)}", soft_wrap=True))


def show_addresses(console: Console, stack: Stack, data_dir: Path, shop: ForeignShop | None = None) -> None:
    """Where everything is, and a first request. Secrets are pointed to, never shown."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold")
    rows.add_column(overflow="fold")
    rows.add_row("Gateway", stack.gateway_url)
    if shop is not None:
        rows.add_row("Shop", f"{shop.url}, its key is that of SKUWIRE_SHOP_KEY")
    for url in stack.shop_urls.values():
        rows.add_row("Shop (simulated)", f"{url}/")
        rows.add_row("Its requests", f"{url}/_simulator/requests")
    for number, (service, url) in enumerate(stack.health_urls.items()):
        rows.add_row("" if number else "Health", f"{url}  {service}")
    rows.add_row("Login", f"{stack.login[0]}, password in {data_dir / 'secrets.json'}")
    if stack.shop_urls:
        rows.add_row("Shop key", f"in {data_dir / 'secrets.json'}")
    rows.add_row("Logs", f"{data_dir / 'logs'}")
    console.print(Panel(rows, title="Skuwire is running", expand=False))
    console.print("A first request:\n" + escape(_example(stack, data_dir)), soft_wrap=True)


def _example(stack: Stack, data_dir: Path) -> str:
    token = f"{SKUWIRE} token" + ("" if data_dir in known_data_dirs() else f" --data-dir {data_dir}")
    product = '{"operation": "create", "reference": "TRY-1", "name": "Product", "price": 9.9, "quantity": 3}'
    return (
        f"  curl {stack.gateway_url}/api/products/sync -H 'Content-Type: application/json' \\\n"
        f'    -H "Authorization: Bearer $({token})" \\\n'
        f"    -d '{product}'"
    )
