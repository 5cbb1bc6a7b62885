"""One in eight of the hostile requests, against a gateway and its servers; `make fuzz` sends all."""

from pathlib import Path

import pytest

from bench.fuzz import fuzz
from bench.hostile_requests import hostile_requests


@pytest.mark.timeout(400)
async def test_no_request_is_answered_with_an_error_of_ours_or_keeps_the_gateway_busy(tmp_path: Path) -> None:
    requests = hostile_requests()[::8]

    # Other tests run beside it, so that nothing is told from its time.
    result = await fuzz(tmp_path / "data", requests, hang_seconds=60, bodies_at_once=1)

    assert result.problems == []
    assert len(result.answered) == len(requests)
    assert not [one.name for one in result.answered if one.status is not None and one.status >= 500]
