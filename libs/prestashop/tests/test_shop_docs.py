"""The pages are true: every example on them runs against a simulated shop."""

import ast
import inspect
import re
import types
from pathlib import Path

import pytest

import prestashop
from prestashop import id_of, ids_of, text_of

LIBRARY = Path(__file__).parent.parent
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def examples(page):
    return FENCE.findall((LIBRARY / page).read_text())


async def run(example, **known):
    """Run an example that awaits at its top level."""
    code = compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names = {name: getattr(prestashop, name) for name in prestashop.__all__} | known
    running = types.FunctionType(code, names)()
    if inspect.iscoroutine(running):
        await running
    return names


@pytest.mark.parametrize("version", ["8.2.1", "1.7.8.11"])
async def test_the_page_about_the_first_product_is_true(open_shop, version, jpeg, capsys):
    shop = await open_shop(version)
    known = {"url": shop.address, "key": "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3", "picture": jpeg}
    first, sizes, change = examples("docs/first-product.md")

    made = await run(first, **known)
    assert len(first.splitlines()) == 10
    product = await shop.get("products", made["product"])
    assert text_of(product, "id_manufacturer") == str(made["acme"])
    assert prestashop.links_of(product, "product_features") == [
        {"id": str(made["paint"]), "id_feature_value": str(made["value"])}
    ]
    assert await shop.image_ids(made["product"]) == [int(text_of(product, "id_default_image"))]
    assert [row.quantity for row in await shop.stock_rows([made["product"]])] == [25]

    made = await run(sizes, **known)
    assert {row.combination_id: row.quantity for row in await shop.stock_rows([made["product"]])} == {
        0: 7,
        made["in_small"]: 3,
        made["in_large"]: 4,
    }
    assert len(await shop.of_products("specific_prices", [made["product"]])) == 1

    await run(change, **known)
    assert capsys.readouterr().out == f"changed {id_of(product)}\n"
    assert text_of(await shop.get("products", id_of(product)), "price") == "11.900000"


async def test_the_example_of_the_readme_is_true(open_shop, capsys):
    shop = await open_shop()
    (example,) = examples("README.md")
    example = example.replace("https://shop.example", shop.address).replace(
        "THE-WEBSERVICE-KEY", "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3"
    )
    await run(example.replace("asyncio.run(main())", "await main()"))
    assert capsys.readouterr().out == "created 1\n"


def test_every_error_is_on_its_page():
    page = (LIBRARY / "docs/outcomes-and-errors.md").read_text()
    kinds = [kind for kind in vars(prestashop).values() if isinstance(kind, type)]
    for kind in kinds:
        if issubclass(kind, prestashop.ShopError) and kind is not prestashop.ShopError:
            (row,) = [line for line in page.splitlines() if line.startswith(f"| `{kind.__name__}` ")]
            assert row.split("|")[3].strip() == ("yes" if kind.sent else "no"), kind


async def test_ids_are_told_of_what_is_written_and_of_nothing_else(open_shop):
    shop = await open_shop()
    outcomes = await shop.create("manufacturers", [{"name": "Acme"}, {"name": "<>"}])
    with pytest.raises(prestashop.NotWritten, match="refused: Validation error") as failed:
        ids_of(outcomes)
    assert failed.value.outcome is outcomes[1]
