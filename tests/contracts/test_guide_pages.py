"""The guides that the gateway shows are those of `docs/guides`, and lead nowhere that is not there."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.pages.content import GUIDES as SHOWN

guides = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("guides.py"))))
NAMES = [path.stem for path in sorted(guides.GUIDES.glob("*.md"))]


def test_the_pages_are_those_of_the_guides() -> None:
    for path, html in guides.pages():
        assert path.read_text() == html, f"{path.name} is old: make documents"
    assert {path.stem for path in guides.PAGES.glob("*.html")} == set(NAMES) == set(SHOWN)


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_leads_to_guides_that_there_are(name: str) -> None:
    text = (guides.GUIDES / f"{name}.md").read_text()
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", text)) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_answers_the_questions_of_somebody_who_moves_over(name: str) -> None:
    text = (guides.GUIDES / f"{name}.md").read_text()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert {"Errors", "What to do when"} <= set(headings)
    assert len(re.findall(r"^# ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)) == 1


def test_html_in_a_guide_is_shown_and_not_carried_out() -> None:
    assert "<script" not in guides.rendered("# A\n\n<script>alert(1)</script> `<b>`\n").replace("&lt;", "")
