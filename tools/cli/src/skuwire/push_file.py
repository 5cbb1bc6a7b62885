"""Reading a file for `skuwire push`: items in the bulk dialect, pictures as files beside it.

An image of an item is sent as it is when it carries `base64`. Otherwise its bytes are looked for on this
machine and sent ahead: `{"file": "photos/a.jpg"}` (or `path`, or the text alone) names a file relative to the
JSON file; `{"fileName": "a.jpg"}`, with or without `sha256`, is looked for beside it and in `pictures/` and
`images/`. An image with a `sha256` that is not found here was perhaps sent before: the gateway decides.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PICTURE_FOLDERS = ("pictures", "images")

Find = Callable[[str], Path | None]
"""Where the file of a name or relative path lies; None when there is none."""


class UnreadableFile(Exception):
    """The file is not what push reads; the message says where."""


@dataclass
class Push:
    """What is to be sent: the items as the gateway wants them, and the picture files by their sha-256."""

    items: list[Any]
    pictures: dict[str, Path] = field(default_factory=dict)


def read_push_file(path: Path) -> Push:
    """The items of a JSON file with their pictures resolved. Raises UnreadableFile."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from None
    return resolve_pictures(read_items(text), lambda name: find_picture(path.parent, name))


def read_items(text: str) -> list[Any]:
    """The items of `{"items": […]}` or of a bare list. Raises UnreadableFile."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UnreadableFile(f"it is not JSON: {error}") from None
    items = content.get("items") if isinstance(content, dict) else content
    if not isinstance(items, list) or not items:
        raise UnreadableFile('it must hold {"items": [...]} or a list of items, at least one')
    return items


def find_picture(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder, its picture folders, or the folders in these."""
    if not name or "\0" in name:
        return None
    pictures = [folder / known for known in PICTURE_FOLDERS]
    below = [
        inner for known in pictures if known.is_dir() for inner in sorted(known.iterdir()) if inner.is_dir()
    ]
    candidates = (place / name for place in (folder, *pictures, *below))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def resolve_pictures(items: Sequence[Any], find: Find) -> Push:
    """The items with every picture that lies on this machine named by its sha-256. Raises UnreadableFile."""
    push, digests = Push([]), dict[Path, str]()

    def digest_of(file: Path) -> str:
        if file not in digests:
            digests[file] = hashlib.sha256(file.read_bytes()).hexdigest()
        return digests[file]

    for position, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.get("images"), list):
            push.items.append(item)
            continue
        where = f"items[{position}].images"
        images = [
            _resolved(image, f"{where}[{index}]", find, digest_of, push)
            for index, image in enumerate(item["images"])
        ]
        push.items.append({**item, "images": images})
    return push


def _resolved(image: Any, where: str, find: Find, digest_of: Callable[[Path], str], push: Push) -> Any:
    if isinstance(image, str):
        image = {"file": image}
    if not isinstance(image, dict) or "base64" in image:
        return image  # as it is: what it breaks, the gateway tells with the item
    rest = {key: value for key, value in image.items() if key not in {"file", "path"}}
    named = image.get("file") or image.get("path")
    if named:
        file = find(str(named))
        if file is None:
            raise UnreadableFile(f"{where}: there is no file {named!r} beside it")
        digest = digest_of(file)
        push.pictures[digest] = file
        return {"fileName": file.name, **rest, "sha256": digest}
    sha256, file = image.get("sha256"), find(str(image.get("fileName", "")))
    if file is None and sha256:
        file = find(str(sha256))
    if file is None or (sha256 and digest_of(file) != sha256):
        return image
    digest = digest_of(file)
    push.pictures[digest] = file
    return {**rest, "sha256": digest}
