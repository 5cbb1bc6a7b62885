"""The contract: the simulator answers every recorded exchange as the real PrestaShop did, byte for byte.

Only times may differ. Every other difference has to be listed with its reason in `deviations.toml`, and has
to be real: a listed deviation that is no longer there fails too.
"""

from pathlib import Path

import pytest

from simulator.contract.deviations import Deviation, read_deviations
from simulator.contract.recordings import Answered, Exchange, Sent, read_recordings
from simulator.contract.replay import Verdict, judge, replay

HERE = Path(__file__).parent
RECORDINGS = read_recordings(HERE / "recordings" / "recordings.tar.xz")
DEVIATIONS = read_deviations(HERE / "deviations.toml")


@pytest.mark.parametrize("scenario", RECORDINGS)
async def test_every_recorded_exchange_is_answered_as_the_shop_did(scenario: str, tmp_path: Path) -> None:
    outcomes = await replay(scenario, RECORDINGS[scenario], DEVIATIONS, tmp_path / "shop")
    broken = [str(outcome) for outcome in outcomes if not outcome.kept]
    assert not broken, "\n".join(broken)


def test_the_recordings_are_whole() -> None:
    counted: dict[str, int] = {}
    for name, exchanges in RECORDINGS.items():
        version = name.partition("/")[0]
        counted[version] = counted.get(version, 0) + len(exchanges)
    assert counted == {"8.2.1": 631, "1.7.8.11": 631, "1.7.8.11-notices": 625}
    assert len(RECORDINGS) == 3 * 46
    assert all(step < len(RECORDINGS[scenario]) for scenario, step in DEVIATIONS)


@pytest.mark.parametrize(
    ("body", "listed", "verdict"),
    [
        (b"<a/>", None, Verdict.IDENTICAL),
        (b"<b/>", None, Verdict.DIFFERENT),
        (b"<b/>", Deviation("known"), Verdict.ACCEPTED),
        (b"<a/>", Deviation("once known"), Verdict.NEEDLESS),
        (b"<b/>", Deviation("a picture", only_picture=True), Verdict.DIFFERENT),
    ],
)
def test_a_deviation_is_accepted_when_it_is_listed_and_real(
    body: bytes, listed: Deviation | None, verdict: Verdict
) -> None:
    exchange = Exchange("", Sent("GET", "/api", "", {}, b""), Answered(200, {"Server": "nginx"}, b"<a/>"))
    assert judge("x", 0, exchange, Answered(200, {"Server": "nginx"}, body), listed).verdict is verdict


def test_only_times_are_overlooked() -> None:
    recorded = Answered(200, {"Server": "nginx"}, b"<date>2024-05-01 10:00:00</date>")
    exchange = Exchange("", Sent("GET", "/api", "", {}, b""), recorded)
    later = Answered(200, {"Server": "nginx", "Date": "now"}, b"<date>2026-01-02 03:04:05</date>")
    other = Answered(200, {"Server": "nginx", "Vary": "Cookie"}, later.body)
    assert judge("x", 0, exchange, later, None).verdict is Verdict.IDENTICAL
    assert judge("x", 0, exchange, other, None).differences == ("Vary: 'Cookie', recorded None",)
