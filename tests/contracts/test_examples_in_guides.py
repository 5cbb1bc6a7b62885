"""The programs that a guide shows are the examples that run in the tests."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("example", ["python/subscriber.py", "node/subscriber.js"])
def test_the_guide_for_partners_shows_the_subscribers(example: str) -> None:
    guide = (ROOT / "docs" / "guides" / "events-on-the-broker.md").read_text()
    assert (ROOT / "examples" / "subscribers" / example).read_text() in guide, (
        f"copy {example} into the guide"
    )
