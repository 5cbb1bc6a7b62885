"""`skuwire logs --trace ID`: what all services say about one request."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from skuwire.commands.options import console
from skuwire.log_lines import LogLine, read_trace
from skuwire.places import known_data_dirs
from skuwire.problems import ExitCode, Problem, tell

COLOURS = {
    "gateway": "cyan",
    "validator": "green",
    "prestashop-writer": "yellow",
    "image-processor": "magenta",
    "webhook-relay": "blue",
}
LEVEL_STYLES = {"warning": "yellow", "error": "red", "critical": "bold red"}


def logs(
    trace: Annotated[str, typer.Option(help="The X-Trace-Id of an answer, or a bulk's trace id.")],
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the stack; default: all below .skuwire.")
    ] = None,
) -> None:
    """Print the lines of all services with a trace id, in time order.

    Example: skuwire logs --trace 4bf92f3577b34da6a3ce929d0e0e4736
    """
    folders = [data_dir] if data_dir else known_data_dirs()
    lines = read_trace((folder / "logs" for folder in folders), trace.strip().lower())
    if not lines:
        looked = ", ".join(str(folder) for folder in folders) or "no data folder here"
        problem = Problem(
            f"no log line carries the trace id {trace} (looked in: {looked})",
            "Check the id, and name the stack's folder with --data-dir.",
            code=ExitCode.NOT_AS_PROMISED,
        )
        raise tell(problem)
    for line in lines:
        console.print(as_text(line), soft_wrap=True)


def as_text(line: LogLine) -> Text:
    """Time, service, event, facts."""
    text = Text(f"{line.at:%H:%M:%S.%f}"[:-3] + " ", style="dim")
    text.append(f"{line.service:<18}", style=COLOURS.get(line.service, "white"))
    text.append(line.event, style=LEVEL_STYLES.get(line.level, "bold"))
    for key, value in line.facts:
        text.append(f"  {key}=", style="dim")
        text.append(value)
    return text
