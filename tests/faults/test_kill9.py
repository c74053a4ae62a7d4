"""kill -9 at random moments: the final state is that of a run nobody disturbed."""

import sys
from pathlib import Path

import pytest

from tests.faults.kill9 import disturbed, undisturbed, work_done

FILES = 500


def command(data: Path, workers: int) -> list[str]:
    return [sys.executable, "-m", "tests.faults.drain_child", str(data), str(FILES), str(workers)]


@pytest.mark.parametrize(
    ("kills", "workers"),
    [
        (10, 2),
        (5, 1),
        pytest.param(100, 2, marks=pytest.mark.slow),
        pytest.param(100, 1, marks=pytest.mark.slow),
    ],
)
def test_kill9_changes_nothing(tmp_path: Path, kills: int, workers: int) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    expected = undisturbed(command(calm, workers), calm)
    assert len(expected["documents"]["articles"]) == FILES - 10
    assert len(expected["documents"]["dead-letters"]) == 10
    assert expected["lag"] == 0
    assert len(set(expected["kept"]["article.received"])) == FILES
    found = disturbed(command(rough, workers), rough, kills=kills, work=work_done(calm), seed=kills)
    assert found == expected
