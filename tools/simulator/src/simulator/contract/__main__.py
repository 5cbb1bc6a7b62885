"""`python -m simulator.contract tests`: replay every recording, print how many exchanges are identical."""

import asyncio
import logging
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from simulator.contract.deviations import read_deviations
from simulator.contract.recordings import read_recordings
from simulator.contract.replay import Outcome, Verdict, replay
from simulator.editions import EDITIONS


async def replay_all(folder: Path) -> dict[str, list[Outcome]]:
    """Every version's outcomes."""
    deviations = read_deviations(folder / "deviations.toml")
    found: dict[str, list[Outcome]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        for name, scenario in read_recordings(folder / "recordings" / "recordings.tar.xz").items():
            outcomes = await replay(name, scenario, deviations, Path(temporary) / name)
            found[name.partition("/")[0]].extend(outcomes)
    return found


def main(
    folder: Annotated[Path, typer.Argument(help="Holds deviations.toml and recordings/recordings.tar.xz.")],
) -> None:
    """Replay the recorded exchanges of every version; exit code 1 when the contract is broken."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it tells of each refused method
    broken = False
    found = asyncio.run(replay_all(folder))
    for version in sorted(found, key=list(EDITIONS).index):
        outcomes = found[version]
        for outcome in outcomes:
            if not outcome.kept:
                broken = True
                typer.echo(str(outcome), err=True)
        identical = sum(one.verdict is Verdict.IDENTICAL for one in outcomes)
        accepted = sum(one.verdict is Verdict.ACCEPTED for one in outcomes)
        typer.echo(
            f"{version} recordings: {identical} of {len(outcomes)} exchanges identical,"
            f" {accepted} accepted deviations"
        )
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command()(main)
    application(prog_name="python -m simulator.contract")
