"""The relay is killed while it delivers and while secrets are rotated."""

from pathlib import Path

import pytest

from bench.webhook_kills import kill_the_relay


@pytest.mark.timeout(240)
async def test_a_relay_that_is_killed_and_whose_secrets_are_rotated_delivers_everything_verified(
    tmp_path: Path,
) -> None:
    result = await kill_the_relay(tmp_path / "data", chunks=300, kills=3, rotations=3)

    assert result.problems == []
    assert result.rotations == 3
