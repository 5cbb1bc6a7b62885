"""The pages are there for everybody, load nothing from elsewhere, and are not sent twice."""

import re

import pytest

from gateway.testing import Client, Running

PATHS = ["/docs", "/docs/api", "/docs/events", "/docs/guides/sync", "/docs/guides/bulk"]
LOADED = re.compile(r'<(?:script|link|img)\b[^>]*(?:src|href)="([^"]+)"')


@pytest.fixture
def nobody(gateway: Running) -> Client:
    return Client(gateway.client.http, gateway.client.url)


async def test_a_page_says_what_it_is_and_loads_only_what_is_here(nobody: Client) -> None:
    for path in PATHS:
        page = await nobody.get(path)
        assert page.status == 200, path
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert re.search(r"<title>[^<]+ · Skuwire</title>", page.body), path
        assert '<html lang="en">' in page.body
        assert not re.search(r"<style|<script>|\son\w+=|\sstyle=", page.body), "nothing may be inline"
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        for address in LOADED.findall(page.body):
            assert (await nobody.get(address)).status == 200, address


async def test_every_page_that_another_leads_to_is_there(nobody: Client) -> None:
    seen: set[str] = set()
    waiting = ["/docs"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = await nobody.get(path)
        assert answer.status == 200, path
        if "html" in answer.headers["Content-Type"]:
            targets = {
                target.partition("#")[0] for target in re.findall(r'<a [^>]*href="(/[^"]*)"', answer.body)
            }
            waiting += targets - seen - set(waiting)
    assert set(PATHS) < seen


async def test_who_has_a_page_is_not_sent_it_again(nobody: Client) -> None:
    for path in ("/docs", "/docs/scripts/swagger-ui-bundle.js", "/openapi.json", "/asyncapi.json"):
        first = await nobody.get(path)
        again = await nobody.get(path, headers={"If-None-Match": first.headers["Etag"]})
        assert again.status == 304
        old = await nobody.get(path, headers={"If-None-Match": '"another"'})
        assert (old.status, old.body) == (200, first.body)


async def test_a_browser_gets_them_compressed(nobody: Client) -> None:
    script = "/docs/scripts/swagger-ui-bundle.js"
    small = await nobody.get(script, headers={"Accept-Encoding": "gzip"})
    large = await nobody.get(script, headers={"Accept-Encoding": "identity"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) * 3 < int(large.headers["Content-Length"])
    assert small.body == large.body


@pytest.mark.parametrize(
    "path", ["/docs/guides/none", "/docs/scripts/..%2fcontent.py", "/docs/scripts/VERSION"]
)
async def test_nothing_else_is_served(nobody: Client, path: str) -> None:
    assert (await nobody.get(path)).status == 404
