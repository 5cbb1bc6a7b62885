import json
from pathlib import Path

from skuwire.log_lines import read_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def line(second: int, service: str, trace_id: str = TRACE, **facts: object) -> str:
    at = f"2026-01-01T12:00:{second:02}Z"
    told = {
        "service": service,
        "event": "chunk.judged",
        "timestamp": at,
        "trace_id": trace_id,
        "level": "info",
    }
    return json.dumps(told | facts)


def test_the_lines_of_a_trace_come_from_all_services_in_time_order(tmp_path: Path) -> None:
    other = "0" * 32
    (tmp_path / "gateway.log").write_text(
        "\n".join([line(1, "gateway"), line(5, "gateway"), line(2, "gateway", other)])
    )
    (tmp_path / "validator.log").write_text(line(3, "validator", refused=2, reasons=["a"], cause=None) + "\n")
    (tmp_path / "validator.log.1").write_text(line(2, "validator") + "\n")
    found = read_trace([tmp_path], TRACE)
    assert [(one.at.second, one.service) for one in found] == [
        (1, "gateway"),
        (2, "validator"),
        (3, "validator"),
        (5, "gateway"),
    ]
    assert found[2].facts == (("refused", "2"), ("reasons", '["a"]'))


def test_what_is_no_line_of_ours_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gateway.log").write_text(
        f'Traceback {TRACE}\n[1, "{TRACE}"]\n' + '{"trace_id": "' + TRACE + '"}\n'
    )
    assert read_trace([tmp_path], TRACE) == []
