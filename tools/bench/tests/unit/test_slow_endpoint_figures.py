"""What the figures of slow endpoints mean."""

import pytest

from bench.slow_endpoint import SlowEndpointResult, percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 99, 0.0),
        ([3.0], 50, 3.0),
        ([2.0, 1.0], 50, 1.0),
        ([float(value) for value in range(100, 0, -1)], 99, 99.0),
        ([float(value) for value in range(1000, 0, -1)], 99, 990.0),
        ([float(value) for value in range(100, 0, -1)], 100, 100.0),
    ],
)
def test_so_many_percent_do_not_exceed_a_percentile(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected


def test_fast_endpoints_may_get_theirs_half_as_late_again_and_all_of_it() -> None:
    well = SlowEndpointResult([0.1, 0.2], [0.1, 0.3], missing=0, slow_at_once=4)
    assert (well.problems, round(well.ratio, 3)) == ([], 1.5)
    late = SlowEndpointResult([0.1, 0.2], [0.1, 0.31], missing=0, slow_at_once=4)
    assert "1.55 times" in late.problems[0]
    lost = SlowEndpointResult([0.1], [0.1], missing=2, slow_at_once=5)
    assert [problem.split()[0] for problem in lost.problems] == ["2", "5"]
    assert lost.lines()[-1] == "2 problems"
