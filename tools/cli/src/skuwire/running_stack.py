"""Bringing a stack up for a command, and telling where everything is."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from skuwire.places import ForeignShop
from stack.stack import Stack, StackOptions


def stack_of(data_dir: Path, shop: ForeignShop | None, console: Console) -> Stack:
    """A stack, still down, with a simulated shop or for a foreign one."""
    if shop is None:
        options = StackOptions(data_dir=data_dir)
    else:
        environment = {"SKUWIRE_SHOP_URL": shop.url, "SKUWIRE_SHOP_KEY": shop.key.get_secret_value()}
        options = StackOptions(data_dir=data_dir, shops=(), environment=environment)
    return Stack(options, report=lambda step: console.print(f"  {escape(step)}"))


def addresses_panel(stack: Stack, shop: ForeignShop | None, data_dir: Path) -> Panel:
    """Where everything is; secrets are pointed to, never shown."""
    lines = [f"[bold]Gateway[/]   {stack.gateway_url}"]
    if shop is not None:
        lines.append(f"[bold]Shop[/]      {escape(shop.url)}")
    lines += [
        f"[bold]Shop[/]      {url}/  (it is simulated; its requests: {url}/_simulator/requests)"
        for url in stack.shop_urls.values()
    ]
    lines.append(
        "[bold]Health[/]    "
        + "\n          ".join(f"{url}  {name}" for name, url in stack.health_urls.items())
    )
    lines.append(f"[bold]Logs[/]      {escape(str(data_dir / 'logs'))}")
    secrets = escape(str(data_dir / "secrets.json"))
    lines.append(f"[bold]Login[/]     {stack.login[0]}, password and shop key in {secrets}")
    lines.append(f"[bold]Try[/]       {escape(_example(stack))}")
    return Panel("\n".join(lines), title="Skuwire is running", expand=False)


def _example(stack: Stack) -> str:
    return (
        f"curl {stack.gateway_url}/api/products/sync \\\n"
        '            -H "Authorization: Bearer $(skuwire token)" -H "Content-Type: application/json" \\\n'
        '            -d \'{"operation": "create", "reference": "TRY-1", "name": "A first product",'
        ' "price": 9.9, "quantity": 3}\''
    )
