"""`make eval`: the page has a column for each set at hand, and none is needed."""

from pathlib import Path

from tests.accuracy.__main__ import main


def test_needs_no_folder(tmp_path: Path) -> None:
    assert main([], tmp_path / "page.md") == 0
    assert "\n| measure | written | blind |\n" in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_has_a_column_for_each_folder_and_says_what_it_is(tmp_path: Path) -> None:
    folders = [_empty(tmp_path / "one"), _empty(tmp_path / "retold")]
    (folders[1] / "README.txt").write_text("Reports told\nin other words.\n", encoding="utf-8")
    assert main([str(folder) for folder in folders], tmp_path / "page.md") == 0
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "\n| measure | written | blind | development | retold |\n" in page
    assert "\n*retold*: Reports told in other words.\n" in page


def _empty(folder: Path) -> Path:
    (folder / "docs").mkdir(parents=True)
    (folder / "gold.jsonl").touch()
    return folder
