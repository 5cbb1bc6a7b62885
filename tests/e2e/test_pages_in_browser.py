"""The pages at /docs in a real browser that reaches nothing but the gateway."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright
from tests.conftest import Running

from stack.fixtures import path_of
from stack.programs import CHROMIUM
from stack.servers import Command

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ["/docs", "/docs/api", "/docs/events", "/docs/guides/webhooks"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}

# WCAG 2.2: how much lighter one of text and ground is than the other, of every text that is seen.
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (colour) => {
    const [r, g, b] = [...rgba(colour)].slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (rgba(colour)[3] > 200) return colour;
    }
    return 'white';
  };
  const isSeen = (one) => one.checkVisibility() && one.innerText.trim();
  return [...document.querySelectorAll('%s')].filter(isSeen).map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
    return [one.innerText.slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""
OWN_TEXTS = "h1, h2, h3, p, a, td, th, pre code, li"
SWAGGER_TEXTS = (
    ".opblock-summary-method, .opblock-summary-path, .opblock-summary-description, .info .title, .info p"
)


@dataclass
class Visitor:
    """Somebody who looks at pages, and what went wrong meanwhile."""

    browser: Browser
    url: str
    complaints: list[str] = field(default_factory=list)

    async def page(self, path: str, size: Any, scheme: Any) -> Page:
        context = await self.browser.new_context(viewport=size, color_scheme=scheme)
        await context.route("**/*", self._let_through)
        page = await context.new_page()
        page.on(
            "console", lambda said: self._note(f"{said.type}: {said.text}", said.type in {"error", "warning"})
        )
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("requestfailed", lambda request: self._note(f"failed: {request.url}"))
        answer = await page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200
        return page

    async def _let_through(self, route: Route) -> None:
        if route.request.url.startswith((self.url, "data:")):
            await route.continue_()
        else:
            self._note(f"wants {route.request.url}")
            await route.abort()

    def _note(self, complaint: str, is_one: bool = True) -> None:
        if is_one:
            self.complaints.append(complaint)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(nodejs: Command) -> AsyncIterator[Browser]:
    with pytest.MonkeyPatch.context() as patched:  # its own Node needs a library that not every system has
        patched.setenv("PLAYWRIGHT_NODEJS_PATH", nodejs.argv[0])
        async with async_playwright() as playwright:
            started = await playwright.chromium.launch(executable_path=path_of(CHROMIUM), args=ARGUMENTS)
            yield started
            await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, running: Running) -> AsyncIterator[Visitor]:
    found = Visitor(browser, running.stack.gateway_url)
    yield found
    assert found.complaints == []
    for context in browser.contexts:
        await context.close()


async def test_every_operation_is_on_the_page_and_can_be_tried(visitor: Visitor, running: Running) -> None:
    async with running.http.get(f"{visitor.url}/openapi.json") as answer:
        document = await answer.json()
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    page = await visitor.page("/docs/api", WIDE, "light")
    await page.wait_for_selector(".opblock")
    shown = await page.eval_on_selector_all(
        ".opblock",
        """found => found.map(one => [
            one.querySelector('.opblock-summary-method').innerText.trim(),
            one.querySelector('.opblock-summary-path').dataset.path])""",
    )
    assert {tuple(one) for one in shown} == told
    health = page.locator("#operations-Health-isAlive")
    await health.locator(".opblock-summary-control").click()
    await health.get_by_role("button", name="Try it out").click()
    await health.get_by_role("button", name="Execute").click()
    live = health.locator(".live-responses-table .response")
    await live.wait_for()
    assert "200" in await live.inner_text()
    assert '"status": "ok"' in await live.inner_text()


@pytest.mark.parametrize(("scheme", "size"), [("light", NARROW), ("dark", WIDE)], ids=["light", "dark"])
async def test_a_page_can_be_read_by_everybody(visitor: Visitor, scheme: str, size: Any) -> None:
    for path in PAGES:
        page = await visitor.page(path, size, scheme)
        is_api = path == "/docs/api"
        if is_api:
            await page.wait_for_selector(".opblock")
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), (
            f"{path} is too wide"
        )
        contrasts = await page.evaluate(CONTRASTS % (SWAGGER_TEXTS if is_api else OWN_TEXTS))
        assert contrasts
        assert [one for one in contrasts if one[1] < 4.5] == [], path
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, ground.strip("rgb()").split(",")[:3])) > 384) == (scheme == "light")
        if not is_api:
            assert await page.locator("h1").count() == 1
        assert await page.locator("main").count() == 1
