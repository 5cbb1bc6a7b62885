"""A few requests of each kind that the OpenAPI document allows; `make fuzz` sends 20,000."""

from pathlib import Path

import pytest

from bench.document_fuzz import fuzz_document


@pytest.mark.timeout(400)
async def test_what_is_made_of_the_document_is_answered_as_documented(tmp_path: Path) -> None:
    result = await fuzz_document(
        tmp_path, seed=1, examples=2, wanted=150, thorough=False, quiet=True, hang_seconds=60
    )  # other tests run beside it
    assert result.problems == []
