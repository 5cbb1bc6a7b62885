"""What Skuwire is measured against: the shop's own ceiling, and the script that users write themselves.

Both use the client of `libs/prestashop`, so that the same XML goes over the same kind of connection.
"""

import asyncio
from collections.abc import Mapping, Sequence

from bench.speed_products import FEATURES, brand_of, catalogue, features_of
from prestashop import Node, Shop, drafts, id_of, ids_of

BODY = 25
"""Products in one POST; four such requests at once are the ceiling measured on PrestaShop 8.2.1."""

LANGUAGES = (1, 2)
Ids = Mapping[str, int]


async def bare_loop(shop: Shop, count: int) -> float:
    """POST products in bodies of 25, four at once, and nothing else; return the seconds.

    Brands, features and values are there already, nothing is looked up, recorded or set in stock: no writer
    can be faster.
    """
    brands = await _made(shop, "manufacturers", [drafts.brand(brand_of(number)) for number in range(10)])
    features = await _made(shop, "product_features", [drafts.feature(_texts(name)) for name in FEATURES])
    feature_ids = dict(zip(FEATURES, features, strict=True))
    wanted = sorted({pair for number in range(count) for pair in features_of(number).items()})
    values = await _made(
        shop,
        "product_feature_values",
        [drafts.feature_value(feature_ids[name], _texts(value)) for name, value in wanted],
    )
    value_ids = dict(zip([value for _, value in wanted], values, strict=True))
    nodes = [_product(n, brands[n % 10], feature_ids, value_ids) for n in range(count)]
    bodies = [nodes[start : start + BODY] for start in range(0, count, BODY)]
    clock = asyncio.get_running_loop().time
    started = clock()
    outcomes = await asyncio.gather(*(shop.create("products", body, identity="reference") for body in bodies))
    seconds = clock() - started
    if len(ids_of([outcome for some in outcomes for outcome in some])) != count:
        raise RuntimeError("the bare loop did not create every product; its time means nothing")
    return seconds


async def users_script(shop: Shop, count: int) -> float:
    """One product after the other, everything looked up before it is made; return the seconds."""
    clock = asyncio.get_running_loop().time
    started = clock()
    for number, item in enumerate(catalogue(count)):
        if await shop.list("products", display=("id",), filters={"reference": item["reference"]}):
            continue
        brand = await _found_or_made(
            shop, "manufacturers", {"name": brand_of(number)}, drafts.brand(brand_of(number))
        )
        features: dict[str, int] = {}
        values: dict[str, int] = {}
        for name, value in features_of(number).items():
            features[name] = await _found_or_made(
                shop, "product_features", {"name": name}, drafts.feature(_texts(name))
            )
            values[value] = await _found_or_made(
                shop,
                "product_feature_values",
                {"value": value, "id_feature": str(features[name])},
                drafts.feature_value(features[name], _texts(value)),
            )
        (product,) = await _made(shop, "products", [_product(number, brand, features, values)])
        (stock,) = await shop.list("stock_availables", display=("id",), filters={"id_product": str(product)})
        ids_of(await shop.patch("stock_availables", [{"id": id_of(stock), "quantity": item["quantity"]}]))
    return clock() - started


async def _found_or_made(shop: Shop, resource: str, filters: Mapping[str, str], draft: Node) -> int:
    found = await shop.list(resource, display=("id",), filters=filters)
    return id_of(found[0]) if found else (await _made(shop, resource, [draft]))[0]


async def _made(shop: Shop, resource: str, nodes: Sequence[Node]) -> list[int]:
    """The ids of new entities. Raises NotWritten when the shop has not written all of them."""
    return ids_of(await shop.create(resource, nodes))


def _product(number: int, brand: int, features: Ids, values: Ids) -> Node:
    links = {features[name]: values[value] for name, value in features_of(number).items()}
    return drafts.product(
        f"RIVAL-{number}",
        {1: f"Bracket {number}", 2: f"Staffa {number}"},
        "12.5",
        brand=brand,
        features=links,
        description={1: "<p>Good steel.</p>", 2: "<p>Acciaio buono.</p>"},
        link_rewrite={1: f"bracket-{number}", 2: f"staffa-{number}"},
    )


def _texts(text: str) -> dict[int, str]:
    return dict.fromkeys(LANGUAGES, text)
