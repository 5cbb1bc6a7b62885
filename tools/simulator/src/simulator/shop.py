"""The shop that every part works on: its file, its languages, its settings."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from simulator.database import RESOURCES, open_database
from simulator.editions import EDITIONS, Edition
from simulator.fields import Resource
from simulator.settings import ShopSettings


@dataclass(slots=True)
class Shop:
    """One open shop. `base_url` ends with a slash and is what its hyperlinks start with."""

    settings: ShopSettings
    connection: sqlite3.Connection
    base_url: str = "http://127.0.0.1/"
    languages: list[int] = field(default_factory=list)
    default_language: int = 1
    edition: Edition = EDITIONS["8.2.1"]
    resources: dict[str, Resource] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: ShopSettings) -> "Shop":
        """Open the shop's file; make it at the first start."""
        shop = cls(settings, open_database(settings), edition=EDITIONS[settings.version])
        shop.resources = {name: shop.edition.describe(one) for name, one in RESOURCES.items()}
        shop.languages = [
            row["id"] for row in shop.connection.execute("SELECT id FROM languages ORDER BY id")
        ]
        return shop

    @property
    def api_url(self) -> str:
        """Where the webservice's hyperlinks point."""
        return f"{self.base_url}api/"

    @property
    def pictures(self) -> Path:
        """The folder of the pictures."""
        return self.settings.data_dir / "pictures"

    def setting(self, name: str) -> str:
        """A value of the shop's configuration, as the webservice would read it; empty when unknown."""
        row = self.connection.execute("SELECT value FROM configurations WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else ""

    def picture_limit_bytes(self) -> int:
        """The largest picture that the shop takes: fixed, or `PS_LIMIT_UPLOAD_IMAGE_VALUE` million bytes."""
        if self.edition.picture_limit_bytes is not None:
            return self.edition.picture_limit_bytes
        return int(float(self.setting("PS_LIMIT_UPLOAD_IMAGE_VALUE") or 0) * 1_000_000)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
