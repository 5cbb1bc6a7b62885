"""The demo's data folder: fresh for every run, and never somebody else's."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from skuwire.problems import SKUWIRE, Problem
from stack.processes import Supervisor
from stack.stack import is_taken

OURS = "secrets.json"  # every stack leaves one in its folder
NOTE_EVERY_SECONDS = 0.5


def make_fresh(data_dir: Path) -> None:
    """Empty the folder. Raises Problem when a stack runs on it or when it is not a stack's folder."""
    if is_taken(data_dir):
        raise Problem(
            f"a stack runs on {data_dir}", f"Stop it with: {SKUWIRE} down, or choose another --data-dir."
        )
    if data_dir.exists():
        if any(data_dir.iterdir()) and not (data_dir / OURS).exists():
            raise Problem(
                f"{data_dir} holds something else than an earlier run", "Choose another --data-dir."
            )
        shutil.rmtree(data_dir)
    data_dir.mkdir(parents=True)


def write_categories(data_dir: Path, categories: Iterable[Mapping[str, Any]]) -> Path:
    """The file that tells the simulated shop its categories."""
    file = data_dir / "categories.json"
    file.write_text(json.dumps(list(categories), ensure_ascii=False, indent=1), "utf-8")
    return file


async def note_process_ids(file: Path, supervisor: Supervisor, names: Iterable[str]) -> None:
    """Keep `file` telling the process id of each name, for whoever wants to kill one."""
    noted: dict[str, int] = {}
    while True:
        now = {"demo": os.getpid(), **{name: supervisor.pid(name) for name in names}}
        if now != noted:
            unfinished = file.with_suffix(".part")
            unfinished.write_text(json.dumps(now, indent=2) + "\n", "utf-8")
            unfinished.replace(file)
            noted = now
        await asyncio.sleep(NOTE_EVERY_SECONDS)
