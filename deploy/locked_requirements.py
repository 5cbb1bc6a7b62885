"""What one service needs at run time, taken from requirements.lock.

    python deploy/locked_requirements.py packages gateway     # pinned lines with their hashes
    python deploy/locked_requirements.py members gateway      # folders of this repository, to be built
    python deploy/locked_requirements.py packages hatchling   # what builds them

The lock holds the tools of development too, which an image must not carry. It says of each package which
others need it (`# via`), and a member's pyproject.toml says which members it needs: that gives the rest.
Only the standard library is used, because nothing is installed yet when an image is built.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MEMBER_PREFIX = "skuwire-"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class UnknownName(Exception):
    """Neither a member of this repository nor a package of the lock."""


@dataclass(frozen=True)
class Locked:
    """A package of the lock: its lines as they stand, and the names of those who need it."""

    text: str
    needed_by: frozenset[str]


@dataclass(frozen=True)
class Member:
    """A package of this repository: its folder, and the members that it needs."""

    folder: str
    needs: frozenset[str]


def read_lock(text: str) -> dict[str, Locked]:
    """The packages of a lock by name, in its order."""
    entries = [entry for entry in re.split(r"(?m)^(?=\w)", text) if NAME.match(entry)]
    return {_name_of(entry): _locked(entry) for entry in entries}


def _locked(entry: str) -> Locked:
    indented = re.match(r".*\n(?:[ ].*\n?)*", entry)  # the last entry is followed by the lock's own remarks
    lines = indented[0] if indented else entry
    pinned, _, via = lines.partition("    # via")
    return Locked(pinned, frozenset(_name_of(word) for word in re.findall(r"[#\n ]+(\w\S*)", via)))


def read_members(root: Path) -> dict[str, Member]:
    """The members of the workspace by their distribution's name."""
    members = {}
    for file in sorted(root.glob("*/*/pyproject.toml")):
        project = tomllib.loads(file.read_text())["project"]
        needs = frozenset(_name_of(line) for line in project.get("dependencies", []))
        members[project["name"]] = Member(
            file.parent.relative_to(root).as_posix(),
            frozenset(need for need in needs if need.startswith(MEMBER_PREFIX)),
        )
    return members


def members_for(names: Iterable[str], members: Mapping[str, Member]) -> set[str]:
    """These members and the members that they need, directly or through another."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += members[name].needs
    return found


def packages_for(roots: Iterable[str], lock: Mapping[str, Locked]) -> dict[str, Locked]:
    """The packages that the roots (members or packages) need, and the roots that are packages themselves."""
    found = set(roots)
    while more := {name for name, entry in lock.items() if name not in found and entry.needed_by & found}:
        found |= more
    return {name: entry for name, entry in lock.items() if name in found}


def _name_of(requirement: str) -> str:
    name = NAME.match(requirement)
    return name[0].lower() if name else ""


def main(kind: str, names: list[str]) -> str:
    """The command's output. Raises `UnknownName`."""
    lock = read_lock((ROOT / "requirements.lock").read_text())
    members = read_members(ROOT)
    roots = {MEMBER_PREFIX + name if MEMBER_PREFIX + name in members else name for name in names}
    if unknown := roots - members.keys() - lock.keys():
        raise UnknownName(f"neither a member nor a locked package: {', '.join(sorted(unknown))}")
    wanted = members_for(roots & members.keys(), members)
    if kind == "members":
        return "".join(f"{members[name].folder}\n" for name in sorted(wanted))
    return "".join(entry.text for entry in packages_for(wanted | roots, lock).values())


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("packages", "members"):
        sys.exit(f"usage: {sys.argv[0]} packages|members NAME…")
    try:
        sys.stdout.write(main(sys.argv[1], sys.argv[2:]))
    except UnknownName as error:
        sys.exit(str(error))
