"""`python -m simulator`: run one simulated shop until it is stopped."""

import asyncio
import contextlib
import json
import signal
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.editions import EDITIONS
from simulator.faults import Faults
from simulator.server import start_server
from simulator.settings import Key, ShopSettings
from simulator.start_categories import read_categories

EXAMPLE = """
Run a PrestaShop 8.2.1 webservice that needs no PHP. Everything lives in one folder and survives a kill.

\b
Example:
  python -m simulator --port 8090 --data-dir /tmp/shop --key ABCDEFGHIJKLMNOPQRSTUVWXYZ123456 \\
      --languages en,it --categories 5
Then:
  curl -u ABCDEFGHIJKLMNOPQRSTUVWXYZ123456: 'http://127.0.0.1:8090/api/products?display=full'
  and the shop that a visitor sees at http://127.0.0.1:8090/
"""


async def serve(settings: ShopSettings, host: str, port: int, port_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    runner, chosen = await start_server(settings, host, port)
    if port_file:
        written = port_file.with_suffix(".part")
        written.write_text(f"{chosen}\n", encoding="ascii")
        written.replace(port_file)
    typer.echo(f"The shop is open at http://{host}:{chosen}/")
    try:
        await stopped.wait()
    finally:
        await runner.cleanup()


def use_settings_file(context: typer.Context, path: Path | None) -> Path | None:
    """Take the options from a TOML file (`data_dir = "…"`); those on the command line win."""
    if path:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise typer.BadParameter(str(error), param_hint="--settings") from error
        # A table or a list of tables stands for the JSON that the option takes.
        context.default_map = {
            name: json.dumps(value) if isinstance(value, dict | list) else value
            for name, value in found.items()
        }
    return path


def read_faults(wanted: str) -> tuple[dict[str, Any], ...]:
    """What `--faults` means. ValueError or OSError when it cannot be read or means nothing."""
    text = wanted if wanted.lstrip()[:1] in ("{", "[") else Path(wanted).read_text(encoding="utf-8")
    found = json.loads(text)
    changes = tuple(found) if isinstance(found, list) else (found,)
    trial = Faults()
    for change in changes:
        trial.change(change)
    return changes


def main(
    *,
    data_dir: Annotated[Path, typer.Option(help="Folder of the shop's data; made at the first start.")],
    key: Annotated[str, typer.Option(envvar="SIMULATOR_KEY", help="The webservice key with all rights.")],
    port: Annotated[int, typer.Option(help="Port to listen on; 0 = any free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    languages: Annotated[str, typer.Option(help="Iso codes, the first is the default.")] = "en,it",
    categories: Annotated[
        str, typer.Option(help="How many to make, or a file: a name per line, or JSON.")
    ] = "0",
    port_file: Annotated[Path | None, typer.Option(help="Where to write the chosen port.")] = None,
    domain: Annotated[str, typer.Option(help="Own domain as host:port; default: what it listens on.")] = "",
    version: Annotated[str, typer.Option(help=f"What to simulate: {', '.join(EDITIONS)}.")] = "8.2.1",
    speed: Annotated[str, typer.Option(help="none, or measured: a real shop's time.")] = "none",
    faults: Annotated[
        str, typer.Option(help="JSON as POST /_simulator/faults takes it, or a file of it.")
    ] = "[]",
    _settings: Annotated[
        Path | None,
        typer.Option(
            "--settings", help="A TOML file of these options.", is_eager=True, callback=use_settings_file
        ),
    ] = None,
    body_limit_mb: Annotated[int, typer.Option(help="Largest body; 1 is nginx's usual limit.")] = 32,
    shop_name: Annotated[str, typer.Option(help="The shop's name.")] = "Simulated shop",
) -> None:
    """Run one shop."""  # the help text is EXAMPLE
    if version not in EDITIONS:
        raise typer.BadParameter(f"{version} is none of {', '.join(EDITIONS)}", param_hint="--version")
    isos = tuple(part.strip() for part in languages.split(",") if part.strip())
    try:
        wanted = read_categories(categories, isos)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--categories") from error
    if speed not in ("none", "measured"):
        raise typer.BadParameter(f"{speed} is none of none, measured", param_hint="--speed")
    try:
        wanted_faults = read_faults(faults)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--faults") from error
    settings = ShopSettings(
        data_dir=data_dir,
        keys=(Key(key),),
        languages=isos,
        categories=wanted,
        domain=domain,
        shop_name=shop_name,
        version=version,
        measured_speed=speed == "measured",
        faults=wanted_faults,
        max_body_bytes=body_limit_mb * 1024 * 1024,
    )
    asyncio.run(serve(settings, host, port, port_file))


application = typer.Typer(add_completion=False, rich_markup_mode=None)
application.command(help=EXAMPLE, context_settings={"max_content_width": 110})(main)

if __name__ == "__main__":
    application(prog_name="python -m simulator")
