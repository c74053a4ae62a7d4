"""A border nobody has written down yet is added by a row of data, and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tagged_articles import analyzed, given

from services.tagger import gazetteer

ROW = """
- id: IE-IS
  kind: maritime
  latitude: 57.6
  longitude: -13.7
  names: ["Rockall Line"]
"""
TEXT = "Irish and Icelandic patrol ships exchanged fire on the Rockall Line on Tuesday. Two Irish sailors were killed."


@pytest.fixture
def with_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    data = tmp_path / "data"
    shutil.copytree(gazetteer.DATA, data)
    with (data / "borders" / "eurasia.yml").open("a", encoding="utf-8") as rows:
        rows.write(ROW)
    monkeypatch.setattr(gazetteer, "DATA", data)
    gazetteer.load.cache_clear()
    yield
    gazetteer.load.cache_clear()


def test_without_the_row_there_is_no_such_line() -> None:
    assert [place.name for report in analyzed(given(TEXT)).reports for place in report.places] == []


@pytest.mark.usefixtures("with_row")
def test_with_the_row_a_clash_is_found_there() -> None:
    (report,) = analyzed(given(TEXT)).reports
    assert (report.dyad, report.border) == ("IE-IS", "IE-IS")
    assert [(place.name, place.latitude, place.longitude) for place in report.places] == [("Rockall Line", 57.6, -13.7)]
    assert [(claim.side, claim.kind, claim.best) for claim in report.claims] == [("IE", "killed", 2)]
