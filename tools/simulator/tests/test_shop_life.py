"""What the recordings do not show: the shop survives, counts its requests, fails on demand, has visitors."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pyvips  # type: ignore[import-untyped]  # it ships no types

from simulator.__main__ import read_faults
from simulator.start_categories import StartCategory, read_categories

PRODUCT = (
    "<product><price>{price}</price><reference>{reference}</reference><active>1</active><state>1</state>"
    "<id_manufacturer>{brand}</id_manufacturer><id_category_default>2</id_category_default>"
    '<name><language id="1">{name}</language><language id="2">{name} IT</language></name>'
    "<associations><categories><category><id>2</id></category></categories></associations></product>"
)


def body(*entities: str) -> bytes:
    return f"<prestashop>{''.join(entities)}</prestashop>".encode()


def product(reference: str, *, name: str = "Chair", price: str = "10", brand: int = 0) -> str:
    return PRODUCT.format(reference=reference, name=name, price=price, brand=brand)


async def state(shop: Any) -> dict[str, Any]:
    async with shop.client.get(f"{shop.url}/_simulator/state") as answer:
        return dict(await answer.json())


def picture(suffix: str) -> bytes:
    image = pyvips.Image.black(600, 400, bands=3).linear(1, [200, 40, 40])
    return bytes(image.cast("uchar").write_to_buffer(suffix))


async def upload(shop: Any, path: str, content: bytes, filename: str) -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("image", content, filename=filename, content_type="image/jpeg")
    return await shop.call("POST", path, form)


async def test_the_state_tells_what_a_visitor_would_see(shop: Any) -> None:
    await shop.call("POST", "/api/manufacturers", body("<manufacturer><name>Acme</name></manufacturer>"))
    await shop.call("POST", "/api/products", body(product("A", price="12.5", brand=1), product("B")))
    await shop.call("PATCH", "/api/stock_availables", body("<s><id>1</id><quantity>7</quantity></s>"))
    told = await state(shop)
    first, second = told["products"]
    assert told["counts"]["products"] == 2
    assert (first["reference"], first["price"], first["quantity"], first["brand"]) == (
        "A",
        "12.500000",
        7,
        "Acme",
    )
    assert first["names"] == {"1": "Chair", "2": "Chair IT"}
    assert (first["categories"], first["image_ids"], second["quantity"]) == ([2], [], 0)


async def test_every_request_is_logged_with_what_it_wrote(shop: Any) -> None:
    await shop.call("POST", "/api/products", body(product("A"), product("B"), product("C", price="wrong")))
    await shop.call("GET", "/api/products?display=[id]")
    async with shop.client.get(f"{shop.url}/_simulator/requests?since_id=0") as answer:
        write, read = await answer.json()
    assert (write["method"], write["path"], write["status"], write["entities"]) == (
        "POST",
        "/api/products",
        400,
        2,
    )
    assert (read["query"], read["status"], read["entities"], read["bytes_in"]) == ("display=[id]", 200, 2, 0)
    assert write["bytes_in"] > 500
    async with shop.client.get(f"{shop.url}/_simulator/requests?since_id={write['id']}") as answer:
        assert [one["id"] for one in await answer.json()] == [read["id"]]


async def test_a_body_beyond_the_web_servers_limit_never_reaches_the_shop(open_shop: Any) -> None:
    shop = await open_shop(max_body_bytes=100_000)
    status, text = await shop.call("POST", "/api/products", body(*[product("A")] * 400))
    assert (status, "nginx" in text) == (413, True)
    assert (await shop.call("POST", "/api/products", body(product("A"))))[0] == 201
    assert (await state(shop))["counts"]["products"] == 1


async def test_texts_are_found_without_regard_to_case_and_accents(shop: Any) -> None:
    await shop.call("POST", "/api/manufacturers", body("<manufacturer><name>Éclat</name></manufacturer>"))
    for asked in ("%C3%89clat", "%C3%A9CLAT", "eclat"):
        _, text = await shop.call("GET", f"/api/manufacturers?filter[name]=[{asked}]&output_format=JSON")
        assert json.loads(text) == {"manufacturers": [{"id": 1}]}


@pytest.mark.parametrize(
    ("suffix", "kept"), [(".jpg", "image/jpeg"), (".png", "image/png"), (".webp", "image/jpeg")]
)
async def test_a_picture_can_be_seen_in_the_shop(shop: Any, suffix: str, kept: str) -> None:
    await shop.call("POST", "/api/products", body(product("A")))
    status, text = await upload(shop, "/api/images/products/1", picture(suffix), f"chair{suffix}")
    assert (status, re.findall(r"<id><!\[CDATA\[(\d+)\]\]>", text)) == (200, ["1"])
    async with shop.client.get(f"{shop.url}/img/1.jpg") as answer:
        assert (answer.status, answer.content_type) == (200, kept)
    async with shop.client.get(f"{shop.url}/img/1-small.jpg") as answer:
        small = pyvips.Image.new_from_buffer(await answer.read(), "")
    assert (small.width, small.height) == (250, 167)


async def test_a_truncated_picture_is_refused_and_leaves_a_row_behind(shop: Any) -> None:
    await shop.call("POST", "/api/products", body(product("A")))
    status, text = await upload(shop, "/api/images/products/1", picture(".jpg")[:-400], "chair.jpg")
    assert (status, "copying image" in text) == (400, True)
    assert (await state(shop))["products"][0]["image_ids"] == [1]


async def test_a_combination_shows_pictures_of_its_product_as_long_as_they_are_there(shop: Any) -> None:
    await shop.call("POST", "/api/products", body(product("A")))
    for name in ("a.jpg", "b.jpg"):
        await upload(shop, "/api/images/products/1", picture(".jpg"), name)
    row = "<combination><id_product>1</id_product><minimal_quantity>1</minimal_quantity>{}</combination>"
    shows = "<associations><images><image><id>2</id></image><image><id>1</id></image></images></associations>"
    await shop.call("POST", "/api/combinations", body(row.format(shows)))

    async def shown() -> list[str]:
        _, answer = await shop.call("GET", "/api/combinations/1")
        return re.findall(r"images/products/1/(\d+)", answer)

    assert await shown() == ["1", "2"]
    await shop.call("PATCH", "/api/combinations/1", body("<c><id>1</id><reference>L</reference></c>"))
    assert await shown() == ["1", "2"]
    await shop.call("DELETE", "/api/images/products/1/1")
    assert await shown() == ["2"]
    cleared = "<c><id>1</id><associations><images/></associations></c>"
    await shop.call("PATCH", "/api/combinations/1", body(cleared))
    assert await shown() == []


async def test_other_option_values_take_the_pictures_of_a_combination_away(shop: Any) -> None:
    await shop.call("POST", "/api/products", body(product("A")))
    await upload(shop, "/api/images/products/1", picture(".jpg"), "a.jpg")
    links = "<product_option_values><v><id>{}</id></v></product_option_values>"
    shows = "<images><image><id>1</id></image></images>"
    row = "<c><id_product>1</id_product><minimal_quantity>1</minimal_quantity>{}</c>"
    made = f"<associations>{links.format(1)}{shows}</associations>"
    await shop.call("POST", "/api/combinations", body(row.format(made)))

    for change, stays in ((links.format(2) + shows, True), (links.format(3), False)):
        await shop.call(
            "PATCH", "/api/combinations/1", body(f"<c><id>1</id><associations>{change}</associations></c>")
        )
        _, answer = await shop.call("GET", "/api/combinations/1")
        assert ("images/products/1/1" in answer) is stays


async def test_a_product_has_one_default_combination_and_one_row_of_a_supplier(shop: Any) -> None:
    await shop.call("POST", "/api/products", body(product("A")))
    row = "<c><id_product>1</id_product><minimal_quantity>1</minimal_quantity><default_on>{}</default_on></c>"
    assert (await shop.call("POST", "/api/combinations", body(row.format(1), row.format(0))))[0] == 201
    assert (await shop.call("POST", "/api/combinations", body(row.format(1)))) == (500, "")
    moved = "<product><id>1</id><id_default_combination>2</id_default_combination></product>"
    assert (await shop.call("PATCH", "/api/products/1", body(moved)))[0] == 200
    _, answer = await shop.call("GET", "/api/combinations?filter[default_on]=[1]")
    assert re.findall(r'combination id="(\d+)"', answer) == ["2"]

    supplied = "<s><id_product>1</id_product><id_supplier>1</id_supplier><id_currency>1</id_currency></s>"
    supplied = supplied.replace("<id_sup", "<id_product_attribute>0</id_product_attribute><id_sup")
    statuses = [(await shop.call("POST", "/api/product_suppliers", body(supplied)))[0] for _ in range(2)]
    assert statuses == [201, 500]


async def test_the_pages_show_products_in_the_chosen_language(shop: Any) -> None:
    many = [product(f"R-{number}", name=f"Chair {number} &amp; more") for number in range(30)]
    await shop.call("POST", "/api/products", body(*many))
    for path, expected in (
        ("/", "Chair 0 &amp; more<"),
        ("/?lang=it", "Chair 0 &amp; more IT<"),
        ("/?lang=it&page=2", "Chair 29 &amp; more IT<"),
        ("/?lang=it&page=999", "Chair 29 &amp; more IT<"),
        ("/product/3?lang=it", "<h1>Chair 2 &amp; more IT</h1>"),
    ):
        async with shop.client.get(shop.url + path) as answer:
            page = await answer.text()
        assert answer.status == 200
        assert expected in page
        assert "<script" not in page
    async with shop.client.get(f"{shop.url}/product/999") as answer:
        assert answer.status == 404


async def test_a_visitor_finds_products_by_category_and_by_what_they_are_called(open_shop: Any) -> None:
    shop = await open_shop(categories=(StartCategory(("Chairs", "Sedie")), StartCategory(("Stools",), 3)))
    stool = product("STOOL-1", name="Stool").replace("<category><id>2<", "<category><id>4<")
    await shop.call("POST", "/api/products", body(product("CHAIR-1", name='100% "oak"'), stool))
    for path, shown, missing in (
        ("/?category=3", "STOOL-1", "CHAIR-1"),
        ("/?category=4", "STOOL-1", "CHAIR-1"),
        ("/?q=chair-1", "CHAIR-1", "STOOL-1"),
        ("/?q=%25+%22o", "CHAIR-1", "STOOL-1"),
        ("/?q=%25%25", "Nothing found.", "CHAIR-1"),
        ("/product/2", "Stools</a> &rsaquo; <span>Stool</span>", "CHAIR-1"),
        ("/?q=<b>", 'value="&lt;b&gt;"', "<b>"),
    ):
        async with shop.client.get(shop.url + path) as answer:
            page = await answer.text()
        assert (answer.status, shown in page, missing in page) == (200, True, False), path


async def test_a_product_page_shows_every_picture_and_the_cover_first(shop: Any) -> None:
    await shop.call("POST", "/api/products", body(product("A")))
    for number in range(3):
        await upload(shop, "/api/images/products/1", picture(".jpg"), f"{number}.jpg")
    cover = body("<product><id>1</id><id_default_image>2</id_default_image></product>")
    assert (await shop.call("PATCH", "/api/products/1", cover))[0] == 200
    async with shop.client.get(f"{shop.url}/product/1") as answer:
        page = await answer.text()
    assert re.findall(r'<a class=large href="/img/(\d+).jpg">', page) == ["2", "1", "3"]
    assert 'id="p2" checked' in page


async def test_another_host_name_is_sent_to_the_front_page(shop: Any) -> None:
    options = {"headers": {"Host": "elsewhere.example"}, "allow_redirects": False}
    assert (await shop.call("POST", "/api/products", body(product("A")), **options))[0] == 302
    assert (await state(shop))["counts"]["products"] == 0


async def test_the_shop_starts_with_the_asked_languages_and_categories(
    open_shop: Any, tmp_path: Path
) -> None:
    listed = tmp_path / "categories.json"
    listed.write_text(
        '[{"id": 7, "name": {"de": "Möbel", "fr": "Meubles"}}, {"id": 9, "id_parent": 7, "name": "Stühle"}]',
        encoding="utf-8",
    )
    languages = ("de", "fr", "pl")
    shop = await open_shop(languages=languages, categories=read_categories(str(listed), languages))
    _, text = await shop.call("GET", "/api/languages?display=[iso_code]&output_format=JSON")
    assert [one["iso_code"] for one in json.loads(text)["languages"]] == ["de", "fr", "pl"]
    _, text = await shop.call("GET", "/api/categories?filter[id]=[7|9]&display=full&output_format=JSON")
    parent, child = json.loads(text)["categories"]
    assert [one["value"] for one in parent["name"]] == ["Möbel", "Meubles", "Meubles"]
    assert [one["value"] for one in child["link_rewrite"]] == ["stuhle"] * 3
    assert (child["id_parent"], child["level_depth"], parent["associations"]["categories"]) == (
        "7",
        "3",
        [{"id": "9"}],
    )


def test_categories_are_counted_or_listed_by_line(tmp_path: Path) -> None:
    listed = tmp_path / "categories.txt"
    listed.write_text("Shoes | Scarpe\n\nHats\n")
    assert [one.names for one in read_categories(str(listed), ("en", "it"))] == [
        ("Shoes", "Scarpe"),
        ("Hats",),
    ]
    assert len(read_categories("3", ("en",))) == 3
    assert read_categories("0", ("en",)) == ()


async def start_process(settings: Path) -> tuple[asyncio.subprocess.Process, str]:
    """The shop as its own process, and its address, which it prints when it is open."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--settings", str(settings)),
        env=os.environ | {"SIMULATOR_KEY": "K" * 32},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    return process, line.split(" at ")[1].strip()


async def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    settings = tmp_path / "shop.toml"
    settings.write_text(
        f'data_dir = "{tmp_path / "shop"}"\nport_file = "{tmp_path / "port"}"\n'
        '[faults]\nseed = 7\nrates = {429 = 1.0}\nmatch = "^DELETE"\n'
    )
    headers = {"Authorization": aiohttp.encode_basic_auth("K" * 32, "")}
    process, url = await start_process(settings)
    async with aiohttp.ClientSession(headers=headers) as client:
        async with client.post(f"{url}api/products", data=body(product("KEPT"))) as answer:
            assert answer.status == 201
        async with client.delete(f"{url}api/products/1") as answer:
            assert answer.status == 429
        process.kill()
        await process.wait()
        process, url = await start_process(settings)
        async with client.get(f"{url}api/products?display=[reference]&output_format=JSON") as answer:
            assert await answer.json() == {"products": [{"reference": "KEPT"}]}
    assert url == f"http://127.0.0.1:{(tmp_path / 'port').read_text().strip()}/"
    process.terminate()
    assert await process.wait() == 0


def test_faults_that_mean_nothing_are_refused_before_the_shop_opens(tmp_path: Path) -> None:
    listed = tmp_path / "faults.json"
    listed.write_text('[{"fault": "429", "times": 1}, {"speed": "measured"}]')
    assert len(read_faults(str(listed))) == 2
    assert read_faults('{"fault": "503"}') == ({"fault": "503"},)
    with pytest.raises(ValueError, match="flood"):
        read_faults('{"fault": "flood"}')
