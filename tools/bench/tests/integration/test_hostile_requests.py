"""Everything hostile that we could think of, against a gateway with its PostgreSQL and RabbitMQ."""

from pathlib import Path

import pytest

from bench.fuzz import fuzz
from bench.hostile_requests import hostile_requests


@pytest.mark.timeout(400)
async def test_no_request_is_answered_with_an_error_of_ours_or_keeps_the_gateway_busy(tmp_path: Path) -> None:
    requests = hostile_requests()
    assert len(requests) >= 150

    result = await fuzz(tmp_path / "data", requests)

    assert result.problems == []
    assert not [one.name for one in result.answered if one.status is not None and one.status >= 500]
