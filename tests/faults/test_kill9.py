"""kill -9 at random moments: the final state is that of a run nobody disturbed."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.faults.kill9 import SECONDS, Program, disturbed, undisturbed, work_done

FILES = 500


def program(data: Path, workers: int) -> Program:
    command = [sys.executable, "-m", "tests.faults.drain_child", str(data), str(FILES), str(workers)]
    finish = partial(subprocess.run, command, check=True, timeout=SECONDS)
    return Program(data, partial(subprocess.Popen, command), _kill, finish)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


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
    calm, rough = (program(tmp_path / name, workers) for name in ("calm", "rough"))
    expected = undisturbed(calm)
    assert len(expected["documents"]["articles"]) == FILES - 10
    assert len(expected["documents"]["dead-letters"]) == 10
    assert expected["lag"] == 0
    assert len(set(expected["kept"]["article.received"])) == FILES
    found = disturbed(rough, kills=kills, work=work_done(calm.data), seed=kills)
    assert found == expected
