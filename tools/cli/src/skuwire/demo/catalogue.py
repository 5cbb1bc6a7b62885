"""The catalogue that the demo sends: 312 items of which 300 are to be written and 12 to be refused.

`python -m skuwire.demo.catalogue --out DIR` writes it, the shop's categories and the pictures to a folder.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import Progress

from skuwire.demo.catalogue_examples import (
    Example,
    mistakes,
    seed_creates,
    seed_sync_example,
    seed_updates,
)
from skuwire.demo.catalogue_products import Item, products, shop
from skuwire.demo.pictures import MadePicture, make_pictures
from skuwire.demo.pictures_plan import PictureSpec, plan_pictures

__all__ = [
    "Catalogue",
    "Changes",
    "Item",
    "catalogue",
    "categories",
    "price_and_stock_changes",
    "seed_sync_example",
    "seed_updates",
]

STRIDE = 21  # an example after every 21st generated product: each chunk of 50 has something to refuse


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All items in sending order; `expected` holds the refusal's code by an item's position."""

    items: tuple[Item, ...]
    expected: Mapping[int, str]
    categories: tuple[Mapping[str, Any], ...]
    pictures: tuple[PictureSpec, ...]

    def with_pictures(self, made: Mapping[str, MadePicture]) -> list[Item]:
        """The items ready to be sent, every picture with its sha-256. KeyError for one that was not made."""

        def named(image: Mapping[str, str]) -> dict[str, str]:
            if "sha256" in image:  # the one that is announced and never sent
                return dict(image)
            return {**image, "sha256": made[image["fileName"]].sha256}

        return [
            item | {"images": [named(image) for image in item["images"]]} if "images" in item else dict(item)
            for item in self.items
        ]


class Changes(NamedTuple):
    """A later delivery: twenty new prices and the new stock of twenty other products, by reference."""

    prices: list[Item]
    quantities: list[Item]


@cache
def catalogue() -> Catalogue:
    """The whole catalogue; the same in every process. Its images have no sha-256 before `with_pictures`."""
    pictures = plan_pictures([product.subject for product in products()])
    generated = [
        product.item
        | {"images": [{"fileName": picture.file_name} for picture in pictures[product.reference]]}
        for product in products()
    ]
    sent = list(_mixed(generated, [*seed_creates(), *mistakes()]))
    return Catalogue(
        items=tuple(example.item for example in sent),
        expected={at: example.refused for at, example in enumerate(sent) if example.refused},
        categories=tuple(categories()),
        pictures=tuple(picture for planned in pictures.values() for picture in planned),
    )


def categories() -> list[Mapping[str, Any]]:
    """The shop's categories 3 to 22, parents before children, as the simulator reads them."""
    return [
        {"id": entry["id"], "id_parent": entry["parent"], "name": {"en": entry["en"], "it": entry["it"]}}
        for entry in shop()["category"]
    ]


def price_and_stock_changes() -> Changes:
    """Prices down by a tenth here, deliveries of 25 pieces there."""
    items = [product.item for product in products()]
    return Changes(
        prices=[
            {
                "reference": item["reference"],
                "price": str((Decimal(item["price"]) * 9 / 10).quantize(Decimal("0.01"))),
            }
            for item in items[3::14][:20]
        ],
        quantities=[
            {"reference": item["reference"], "quantity": item["quantity"] + 25} for item in items[10::14][:20]
        ],
    )


def label(item: Item) -> str:
    """What a person calls an item: its reference, else its id, else its slug."""
    if "reference" in item:
        return str(item["reference"])
    if "id" in item:
        return f"id {item['id']}"
    return next(str(text["slug"]) for text in item.values() if isinstance(text, dict) and "slug" in text)


def _mixed(generated: Iterable[Item], examples: Iterable[Example]) -> Iterable[Example]:
    remaining = iter(examples)
    # The first is the document's Minimum: where product ids start at 9999, the document's updates mean it.
    yield next(remaining)
    for number, item in enumerate(generated, start=1):
        yield Example(item, refused=None)
        if number % STRIDE == 0 and (example := next(remaining, None)):
            yield example
    yield from remaining


def main(
    out: Annotated[Path, typer.Option(help="Folder for catalogue.json, categories.json and pictures/.")],
) -> None:
    """Write the demo's catalogue for a look.

    Example: python -m skuwire.demo.catalogue --out /tmp/catalogue
    """
    ours = catalogue()
    with Progress() as display:
        task = display.add_task("pictures", total=len(ours.pictures))
        made = make_pictures(
            ours.pictures,
            out / "pictures",
            on_progress=lambda ready, total: display.update(task, completed=ready, total=total),
        )
    _write(out / "catalogue.json", {"items": ours.with_pictures(made)})
    _write(out / "categories.json", list(ours.categories))
    typer.echo(f"{len(ours.items)} items, {len(made)} pictures in {out}")
    for position, reason in ours.expected.items():
        typer.echo(f"  to be refused: {label(ours.items[position])}: {reason}")


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
