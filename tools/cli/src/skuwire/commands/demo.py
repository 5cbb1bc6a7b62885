"""`skuwire demo`: a whole shop filled from nothing, with a report."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from skuwire.commands.options import console
from skuwire.demo.run import DemoOptions, prepare_pictures, run_demo
from skuwire.places import DEMO, PICTURES
from skuwire.problems import ExitCode
from skuwire.running import run_command


class ShopVersion(StrEnum):
    """The PrestaShops that the simulated shop plays."""

    CURRENT = "8.2.1"
    OLD = "1.7.8.11"
    OLD_WITH_NOTICES = "1.7.8.11-notices"


def demo(
    data_dir: Annotated[Path, typer.Option(help="Folder of the demo's data; emptied first.")] = DEMO,
    report: Annotated[Path, typer.Option(help="Where the figures are written.")] = Path("demo-report.json"),
    pictures: Annotated[
        Path, typer.Option(help="Where the catalogue's pictures are made once and kept.")
    ] = PICTURES,
    shop_version: Annotated[
        ShopVersion,
        typer.Option(help="The PrestaShop that the shop plays; 1.7 has no PATCH, PHP notices fail answers."),
    ] = ShopVersion.CURRENT,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Leave everything running until Ctrl-C.")
    ] = False,
) -> None:
    """Start everything from nothing and fill a simulated shop, as an ERP would.

    A catalogue of 312 items with pictures, the same again, changed prices and stocks, one product that is
    waited for, signed webhooks about every chunk. Exit code 0 only when every figure is as promised.

    Example: skuwire demo --shop-version 1.7.8.11
    """
    options = DemoOptions(data_dir, report, pictures, keep_running, shop_version)
    made = prepare_pictures(pictures, console)
    if not run_command(run_demo(options, made, console)):
        raise typer.Exit(ExitCode.NOT_AS_PROMISED)
