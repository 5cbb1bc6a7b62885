"""`make contract`: what it prints for each version, and when it fails."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from simulator.contract.__main__ import main
from simulator.contract.recordings import read_recordings

HERE = Path(__file__).parent
SCENARIO = "1.7.8.11/16_json_input_refused"
RECORDED = HERE / "recordings" / "recordings.tar.xz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One scenario of one version, and no deviation."""
    (tmp_path / "recordings").mkdir()
    with tarfile.open(RECORDED) as given:
        content = given.extractfile(f"{SCENARIO}.json")
        assert content is not None
        put_scenario(tmp_path, content.read())
    (tmp_path / "deviations.toml").write_text("deviation = []\n", "utf-8")
    return tmp_path


def put_scenario(folder: Path, content: bytes) -> None:
    with tarfile.open(folder / "recordings" / "recordings.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo(f"{SCENARIO}.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def alter_an_answer(folder: Path) -> None:
    """The shop has answered the first request otherwise than the simulator does."""
    with tarfile.open(folder / "recordings" / "recordings.tar.xz") as archive:
        content = archive.extractfile(f"{SCENARIO}.json")
        assert content is not None
        recorded = json.loads(content.read())
    recorded[0]["response"]["status"] = 418
    put_scenario(folder, json.dumps(recorded).encode())


def accept_the_first(folder: Path) -> None:
    version, _, scenario = SCENARIO.partition("/")
    entry = (
        f'[[deviation]]\nscenario = "{scenario}"\nversions = ["{version}"]\nsteps = [0]\nreason = "a test"\n'
    )
    (folder / "deviations.toml").write_text(entry, "utf-8")


def contract(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    with pytest.raises(SystemExit) as ended:
        main(folder)
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out.strip(), told.err


def exchanges(folder: Path) -> int:
    return len(read_recordings(folder / "recordings" / "recordings.tar.xz")[SCENARIO])


def test_identical_answers_keep_the_contract(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told, _ = contract(folder, capsys)

    total = exchanges(folder)
    assert (code, total > 1) == (0, True)
    assert told == f"1.7.8.11 recordings: {total} of {total} exchanges identical, 0 accepted deviations"


def test_another_answer_breaks_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter_an_answer(folder)

    code, told, problems = contract(folder, capsys)

    assert code == 1
    assert f"{exchanges(folder) - 1} of {exchanges(folder)} exchanges identical, 0 accepted" in told
    assert "different and not listed" in problems
    assert "recorded 418" in problems


def test_another_answer_that_was_accepted_keeps_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter_an_answer(folder)
    accept_the_first(folder)

    code, told, _ = contract(folder, capsys)

    assert code == 0
    assert (
        f"{exchanges(folder) - 1} of {exchanges(folder)} exchanges identical, 1 accepted deviations" in told
    )


def test_an_accepted_deviation_that_is_no_longer_needed_breaks_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accept_the_first(folder)

    code, _, problems = contract(folder, capsys)

    assert code == 1
    assert "step 0" in problems
    assert "listed as a deviation and none" in problems
