"""The client against the recorded answers of real shops, over HTTP."""

import asyncio
import base64
import logging

import aiohttp
import pytest

from prestashop import (
    Category,
    ClientSettings,
    Refused,
    Shop,
    ShopAnswerLost,
    ShopAnswerUnreadable,
    ShopAuthFailed,
    ShopBlocked,
    ShopCrashed,
    ShopMethodNotAllowed,
    ShopRedirected,
    ShopRefusal,
    ShopThrottled,
    ShopTimeout,
    ShopUnavailable,
    ShopUnreachable,
    Written,
    from_xml,
    id_of,
    is_failure,
    links_of,
)

KEY = "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3"


def products(*references):
    return [{"reference": r, "price": "12.50", "name": {1: "Steel bracket", 2: "Staffa"}} for r in references]


def references_in(request):
    return [node["reference"] for node in from_xml("products", request.body)]


async def test_three_products_are_created_in_one_request(shop, scripted, recorded):
    scripted.will(recorded("11_multi_post_all_valid", 0))
    outcomes = await shop.create("products", products("M-1", "M-2", "M-3"), identity="reference")
    assert [outcome.id for outcome in outcomes] == [1, 2, 3]
    assert links_of(outcomes[1].node, "stock_availables") == [{"id": "2", "id_product_attribute": "0"}]
    assert scripted.asked == ["POST /api/products"]
    assert references_in(scripted.seen[0]) == [
        "M-1",
        "M-2",
        "M-3",
    ]


async def test_the_second_of_three_is_refused_and_the_third_is_sent_again(shop, scripted, recorded, listing):
    scripted.will(
        recorded("12_multi_post_second_invalid", 0),
        listing({"id": 1, "reference": "B-1"}, {"id": 9, "reference": "b-2"}),
        listing({"id": 2, "reference": "B-3"}),
    )
    first, second, third = await shop.create("products", products("B-1", "B-2", "B-3"), identity="reference")
    assert (first.id, third.id) == (1, 2)
    assert second == Refused(85, 'Validation error: "Property Product->price is not valid"')
    assert scripted.seen[1].query == {
        "display": "[id,reference]",
        "filter[reference]": "[B-1|B-2|B-3]",
        "sort": "[id_ASC]",
        "limit": "0,500",
    }
    assert references_in(scripted.seen[2]) == ["B-3"]


async def test_a_product_without_a_name_is_refused_once_php_has_complained_twice(
    shop, scripted, recorded, listing
):
    scripted.will(
        recorded("13_multi_post_second_php_warning", 0),
        listing({"id": 1, "reference": "W-1"}),
        recorded("13_multi_post_second_php_warning", 1),
        listing(),
        listing({"id": 2, "reference": "W-3"}),
    )
    first, second, third = await shop.create("products", products("W-1", "W-2", "W-3"), identity="reference")
    assert (first.id, second.code, third.id) == (1, 3, 2)


async def test_on_1_7_with_notices_a_500_means_that_all_are_written(shop, scripted, recorded, listing):
    scripted.will(
        recorded("1.7_notices_11_multi_post_all_valid", 0),
        listing(*({"id": n, "reference": f"M-{n}"} for n in (1, 2, 3))),
    )
    outcomes = await shop.create("products", products("M-1", "M-2", "M-3"), identity="reference")
    assert [outcome.id for outcome in outcomes] == [1, 2, 3]


async def test_on_1_7_with_notices_a_put_is_read_back(shop, scripted, recorded, listing):
    notices = recorded("1.7_notices_11_multi_post_all_valid", 0)
    invalid = recorded("14_multi_put_and_patch", 0)
    scripted.will(
        notices,
        listing({"id": 1, "price": "2.500000"}, {"id": 2, "price": "7.000000"}),
        notices,
        listing({"id": 2, "price": "7.000000"}),
    )
    first, second = await shop.put("products", [{"id": 1, "price": "2.5"}, {"id": 2, "price": "9"}])
    assert first == Written(1, {"id": "1", "price": "2.500000"})
    assert isinstance(second, Refused)
    scripted.will(invalid)
    assert (await shop.put("products", [{"id": 1, "price": "x"}]))[0].code == 85


async def test_an_answer_that_is_not_well_formed_is_made_good_by_a_look_up(shop, scripted, recorded, listing):
    scripted.will(recorded("40_escaping", 0), listing({"id": 3, "reference": "X"}))
    assert (await shop.create("products", products("X"), identity="reference"))[0].id == 3


async def test_a_patch_whose_echo_is_unreadable_holds_all_the_same(shop, scripted, recorded):
    echo = recorded("40_escaping", 0)
    scripted.will(type(echo)(200, echo.body, echo.headers))
    assert await shop.patch("products", [{"id": 3, "description": {1: "x]]>y"}}]) == [Written(3)]


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<!DOCTYPE html><html><body>Maintenance</body></html>", {}),
        (201, b"", {"PSWS-Version": "8.2.1"}),
        (201, b"<?xml version='1.0'?>\n<prestashop>\n</prestashop>", {"PSWS-Version": "8.2.1"}),
    ],
)
async def test_an_answer_without_the_products_leaves_those_missing_unknown(
    shop, scripted, reply, listing, answer
):
    scripted.will(reply(*answer), listing({"id": 1, "reference": "A"}))
    written, missing = await shop.create("products", products("A", "B"), identity="reference")
    assert written.id == 1
    assert isinstance(missing.error, ShopAnswerUnreadable)
    assert missing.sent


async def test_after_a_time_out_nothing_is_asked(scripted, never):
    scripted.will(never)
    async with Shop(scripted.address, KEY, settings=ClientSettings(read_timeout_seconds=1)) as shop:
        outcomes = await shop.create("products", products("A", "B"), identity="reference")
    assert [(type(outcome.error), outcome.sent) for outcome in outcomes] == [(ShopTimeout, True)] * 2
    assert scripted.asked == ["POST /api/products"]


async def test_after_a_dropped_connection_nothing_is_asked(shop, scripted, hang_up):
    scripted.will(hang_up)
    (outcome,) = await shop.create("products", products("A"), identity="reference")
    assert isinstance(outcome.error, ShopAnswerLost)
    assert outcome.sent


@pytest.mark.parametrize("status", [502, 504])
async def test_after_a_gateway_gave_up_nothing_is_asked(shop, scripted, reply, status):
    scripted.will(reply(status, b"<html>Bad Gateway</html>"))
    (outcome,) = await shop.create("products", products("A"), identity="reference")
    assert isinstance(outcome.error, ShopAnswerLost)
    assert outcome.sent


async def test_without_a_connection_surely_nothing_is_written():
    async with Shop("http://127.0.0.1:1", KEY) as shop:
        outcomes = await shop.create("products", products("A", "B"), identity="reference")
        with pytest.raises(ShopUnreachable):
            await shop.list("products")
    assert [outcome.sent for outcome in outcomes] == [False, False]


async def test_once_the_shop_is_gone_the_rest_of_a_long_list_is_not_sent(scripted, reply):
    scripted.will(reply(429, b"", {"Retry-After": "7"}))
    async with Shop(scripted.address, KEY, settings=ClientSettings(max_entities_per_request=2)) as shop:
        outcomes = await shop.patch("products", [{"id": n, "active": True} for n in range(1, 7)])
    assert {(type(o.error), o.error.retry_after, o.sent) for o in outcomes} == {(ShopThrottled, 7.0, False)}
    assert len(scripted.seen) == 1


@pytest.mark.parametrize(
    "case",
    [
        ("19_auth_errors_xml", 0, ShopAuthFailed),
        ("19_auth_errors_xml", 1, ShopAuthFailed),
        ("19_auth_errors_xml", 2, ShopAuthFailed),
        ("19_auth_errors_xml", 3, ShopMethodNotAllowed),
        ("19_auth_errors_xml", 4, ShopUnavailable),
        ("1.7_08_product_patch", 0, ShopMethodNotAllowed),
        ("21_resource_id_method_errors", 1, ShopMethodNotAllowed),
        ("44_wrong_host", 0, ShopRedirected),
    ],
)
async def test_what_is_wrong_with_the_shop_or_the_key_is_no_entity_s_fault(shop, scripted, recorded, case):
    scenario, number, error = case
    scripted.will(recorded(scenario, number))
    outcomes = await shop.patch("products", [{"id": 1, "price": "1"}, {"id": 2, "price": "2"}])
    assert [(type(outcome.error), outcome.sent) for outcome in outcomes] == [(error, False)] * 2
    assert len(scripted.seen) == 1


async def test_a_redirect_is_not_followed_and_says_where_the_shop_lives(shop, scripted, recorded):
    scripted.will(recorded("44_wrong_host", 0))
    with pytest.raises(ShopRedirected, match=r"own domain: 302 to http://127\.0\.0\.1:8080/$"):
        await shop.list("products")


async def test_an_empty_500_is_a_crash_and_a_firewall_is_no_refusal(shop, scripted, recorded, reply):
    crash = recorded("27_categories", 0)
    scripted.will(crash, crash, reply(403, b"<html>Forbidden</html>"))
    with pytest.raises(ShopCrashed) as crashed:
        await shop.list("categories")
    assert is_failure(crashed.value)
    (outcome,) = await shop.patch("categories", [{"id": 3, "id_parent": 99}])
    assert not is_failure(outcome.error), "one bad entity does not cut off the shop"
    (outcome,) = await shop.patch("products", [{"id": 1, "price": "1"}])
    assert isinstance(outcome.error, ShopBlocked)
    assert not outcome.sent


async def test_a_body_too_large_for_the_shop_is_sent_in_halves(shop, scripted, reply, listing):
    created = (listing({"id": n, "reference": r}) for n, r in [(1, "A"), (2, "B")])
    scripted.will(reply(413, b"<html>"), *created)
    outcomes = await shop.create("products", products("A", "B"), identity="reference")
    assert [outcome.id for outcome in outcomes] == [1, 2]


async def test_long_lists_go_in_several_bodies(scripted, listing):
    scripted.will(*(listing({"id": n, "reference": f"R{n}"}) for n in (1, 2, 3)))
    async with Shop(scripted.address, KEY, settings=ClientSettings(max_body_bytes=300)) as shop:
        outcomes = await shop.create("products", products("R1", "R2", "R3"), identity="reference")
    assert [outcome.id for outcome in outcomes] == [1, 2, 3]


async def test_quantities_are_set_in_one_request(shop, scripted, recorded):
    scripted.will(recorded("15_multi_stock_patch", 0))
    outcomes = await shop.patch("stock_availables", [{"id": n, "quantity": n * 10} for n in (1, 2, 3)])
    assert [(outcome.id, outcome.node["quantity"]) for outcome in outcomes] == [
        (1, "10"),
        (2, "20"),
        (3, "30"),
    ]


async def test_a_product_that_is_gone_is_refused_and_the_other_is_written(shop, scripted, recorded, listing):
    gone = recorded("14_multi_put_and_patch", 1)
    scripted.will(gone, listing({"id": 1, "price": "1"}), gone)
    first, second = await shop.patch("products", [{"id": 1, "price": "1"}, {"id": 2222, "price": "1"}])
    assert first.id == 1
    assert second == Refused(92, "Invalid ID")
    assert scripted.asked == ["PATCH /api/products", "PATCH /api/products/1", "PATCH /api/products/2222"]


async def test_an_entity_that_could_not_be_found_again_is_not_sent(shop, scripted, listing):
    scripted.will(listing({"id": 1, "reference": "A"}))
    outcomes = await shop.create("products", products("A", "", "A", "B "), identity="reference")
    assert isinstance(outcomes[0], Written)
    assert all(isinstance(outcome, Refused) for outcome in outcomes[1:])
    assert references_in(scripted.seen[0]) == ["A"]


async def test_a_feature_value_of_another_feature_is_not_taken_for_the_new_one(
    shop, scripted, recorded, reply
):
    other = b"""<?xml version="1.0"?><prestashop><product_feature_values><product_feature_value>
        <id>5</id><id_feature>1</id_feature>
        <value><language id="1">Red</language><language id="2">Rosso</language></value>
        </product_feature_value></product_feature_values></prestashop>"""
    scripted.will(recorded("12_multi_post_second_invalid", 0), reply(200, other, {"PSWS-Version": "8.2.1"}))
    value = {"id_feature": 2, "value": {1: "Red", 2: "Rosso"}}
    (outcome,) = await shop.create("product_feature_values", [value], identity=("value", "id_feature"))
    assert outcome.code == 85
    assert scripted.seen[1].query["filter[value]"] == "[Red]"


async def test_a_look_up_finds_a_name_in_any_language_and_minds_the_case(shop, scripted, recorded):
    scripted.will(recorded("24_product_features", 0))
    found = await shop.find("product_features", "name", ["Colore", "color", "Taglia"])
    assert {name: [id_of(node) for node in nodes] for name, nodes in found.items()} == {
        "Colore": [1],
        "color": [],
        "Taglia": [],
    }


async def test_all_pages_of_a_list_are_read(scripted, listing):
    scripted.will(listing({"id": 1}, {"id": 2}), listing({"id": 3}))
    async with Shop(scripted.address, KEY, settings=ClientSettings(page_size=2)) as shop:
        assert [id_of(node) for node in await shop.list_all("products", display=("id",))] == [1, 2, 3]
    assert [request.query["limit"] for request in scripted.seen] == ["0,2", "2,2"]


async def test_a_missing_product_is_none_and_a_wrong_address_is_an_error(shop, scripted, recorded, reply):
    scripted.will(recorded("21_resource_id_method_errors", 0), reply(404, b"<html>Not Found</html>"))
    assert await shop.get("products", 99) is None
    with pytest.raises(ShopBlocked):
        await shop.get("products", 99)


async def test_deleting_takes_what_is_gone_for_deleted(shop, scripted, recorded):
    scripted.will(recorded("41_deletes", 3), recorded("41_deletes", 0))
    assert await shop.delete("products", [4, 999]) == [Written(4), Written(999)]
    assert scripted.seen[0].query == {"id": "[4,999]"}
    assert scripted.asked == ["DELETE /api/products/", "DELETE /api/products/4"]


async def test_a_picture_is_uploaded_and_only_its_id_is_kept(shop, scripted, recorded):
    scripted.will(recorded("32_image_upload_xml", 1))
    assert await shop.upload_image(1, b"\xff\xd8", "small.jpg", "image/jpeg") == 1
    body = scripted.seen[0].body
    assert b'name="image"; filename="small.jpg"' in body
    assert b"Content-Type: image/jpeg\r\n" in body


async def test_the_answer_to_an_upload_may_hold_more_than_an_xml_parser_takes(shop, scripted, reply):
    head = (
        b"<?xml version='1.0'?>\n<prestashop>\n<image>\n<id><![CDATA[77]]></id>\n</image>\n<content><![CDATA["
    )
    scripted.will(reply(200, head + b"A" * 12_000_000 + b"]]></content></prestashop>"))
    assert await shop.upload_image(1, b"x", "a.png", "image/png") == 77


async def test_a_picture_too_large_or_damaged_is_refused_with_the_shop_s_code(shop, scripted, recorded):
    scripted.will(recorded("34_image_upload_errors", 0), recorded("34_image_upload_errors", 1))
    for code in (72, 76):
        with pytest.raises(ShopRefusal) as refused:
            await shop.upload_image(1, b"x", "a.jpg", "image/jpeg")
        assert refused.value.code == code


async def test_pictures_are_listed_and_a_product_without_has_none(shop, scripted, recorded):
    scripted.will(recorded("32_image_upload_xml", 2), recorded("32_image_upload_xml", 0))
    assert await shop.image_ids(1) == [1, 2, 3, 4, 5]
    assert await shop.image_ids(1) == []


async def test_deleting_a_picture_twice_is_no_error_and_without_id_never_sent(shop, scripted, recorded):
    scripted.will(recorded("32_image_upload_xml", 3), recorded("32_image_upload_xml", 4))
    await shop.delete_image(1, 2)
    await shop.delete_image(1, 2)
    with pytest.raises(ValueError, match="positive"):
        await shop.delete_image(1, 0)
    assert len(scripted.seen) == 2


async def test_capabilities_are_those_of_the_key(shop, scripted, recorded):
    scripted.will(recorded("01_api_root", 0))
    capabilities = await shop.capabilities()
    assert capabilities.version == "8.2.1"
    assert capabilities.has_patch
    assert capabilities.allows("put", "stock_availables")
    assert not capabilities.allows("get", "bananas")


async def test_categories_languages_and_the_image_limit_are_read(shop, scripted, reply, listing):
    scripted.will(
        reply(
            200,
            b"<?xml version='1.0'?><prestashop><categories><category><id>2</id><id_parent>1</id_parent>"
            b"<active>1</active><name><language id='1'>Home</language></name>"
            b"</category></categories></prestashop>",
        ),
        listing({"id": 2, "iso_code": "it", "active": 0}, resource="languages", entity="language"),
        listing({"value": 8}, resource="configurations", entity="configuration"),
        reply(401, b""),
    )
    assert await shop.categories() == [Category(2, 1, active=True, names={1: "Home"})]
    (italian,) = await shop.languages()
    assert (italian.iso_code, italian.active) == ("it", False)
    assert await shop.image_limit_bytes() == 8_000_000
    assert await shop.image_limit_bytes() == 2_000_000


async def test_every_request_is_told_without_query_and_key(shop, scripted, recorded, records, caplog):
    caplog.set_level(logging.DEBUG)
    scripted.will(recorded("15_multi_stock_patch", 0), recorded("19_auth_errors_xml", 1))
    await shop.patch("stock_availables", [{"id": n, "quantity": n * 10} for n in (1, 2, 3)])
    with pytest.raises(ShopAuthFailed) as failed:
        await shop.list("products", filters={"reference": "A"})
    told = [(r.method, r.path, r.status, r.entities, type(r.error)) for r in records]
    assert told == [
        ("PATCH", "/api/stock_availables", 200, 3, type(None)),
        ("GET", "/api/products", 401, 0, ShopAuthFailed),
    ]
    sent = scripted.seen[0].headers["Authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"{KEY}:"
    everything_said = f"{shop!r} {records!r} {failed.value!r} {caplog.text}"
    assert KEY not in everything_said
    assert sent not in everything_said


async def test_no_more_requests_at_once_than_allowed(scripted, listing):
    at_once, most, empty = 0, 0, listing()

    async def count(_):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        for _ in range(20):
            await asyncio.sleep(0)
        at_once -= 1
        return aiohttp.web.Response(body=empty.body)

    scripted.will(*[count] * 12)
    async with Shop(scripted.address, KEY, settings=ClientSettings(max_concurrency=3)) as shop:
        await asyncio.gather(*(shop.list("products") for _ in range(12)))
    assert most <= 3


async def test_an_endless_answer_is_given_up(scripted, reply):
    scripted.will(reply(200, b"x" * 100_000))
    async with Shop(scripted.address, KEY, settings=ClientSettings(max_answer_bytes=10_000)) as shop:
        with pytest.raises(ShopAnswerUnreadable, match="longer than 10000 bytes"):
            await shop.list("products")


async def test_a_session_given_stays_open_for_others(scripted, listing):
    scripted.will(listing(), listing())
    async with aiohttp.ClientSession() as session:
        for path in ("", "/api/"):
            async with Shop(scripted.address + path, KEY, session=session) as shop:
                await shop.list("products")
        assert not session.closed


@pytest.mark.parametrize(
    "url",
    [
        "shop.example",
        "ftp://shop.example",
        "https://key@shop.example",
        "https://s/?key=k",
    ],
)
def test_an_address_that_is_none_or_holds_a_key_is_not_accepted(url):
    with pytest.raises(ValueError, match="address of a shop"):
        Shop(url, KEY)


async def test_a_caller_s_mistake_is_told_before_anything_is_sent(shop):
    with pytest.raises(ValueError, match="no id"):
        await shop.create("products", [{"id": 1, "reference": "A"}], identity="reference")
    with pytest.raises(ValueError, match="without id"):
        await shop.patch("products", [{"price": "1"}])
    with pytest.raises(ValueError, match="once"):
        await shop.put("products", [{"id": 1}, {"id": 1}])
    with pytest.raises(ValueError, match="positive"):
        await shop.delete("products", [0])
    with pytest.raises(ValueError, match="not a name"):
        await shop.patch("products", [{"id": 1, "price": "1"}, {"id": 2, "no name": "1"}])
