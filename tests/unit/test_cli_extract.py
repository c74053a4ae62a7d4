"""`clashwatch extract`: the shape of a line, the order of lines, and what becomes of bad inputs."""

import gzip
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from services import extract as module
from services.extract import Flags, Rejected, extract, find
from shared.settings import Settings
from tests.unit.front_rig import NOW, SEEDS

ARTICLE = {
    *("id", "path", "title", "body", "published", "published_from", "language", "is_clash", "score", "reports"),
    *("background", "flags", "doubts"),
}
REPORT = {
    *("side_a", "side_b", "dyad", "places", "date_start", "date_end", "date_prec", "claims", "weapons"),
    *("is_primary", "evidence"),
}
CLAIM = {"side", "kind", "who", "low", "best", "high", "period", "claimed_by", "evidence"}
TEXT = "Two Indian soldiers were killed when Pakistani troops shelled a post on the Line of Control, the army said."


def extracted(*paths: Path, published: str | None = None) -> tuple[list[dict[str, Any]], list[Rejected]]:
    rows = list(extract(paths, Flags(published), Settings(workers=1), NOW))
    return [row for row in rows if isinstance(row, dict)], [row for row in rows if isinstance(row, Rejected)]


@pytest.fixture(scope="module")
def seeds() -> list[dict[str, Any]]:
    rows, rejected = extracted(SEEDS)
    assert not rejected
    return rows


def test_lines_have_exactly_the_fields_of_the_contract(seeds: list[dict[str, Any]]) -> None:
    for row in seeds:
        assert row.keys() == ARTICLE
        for report in row["reports"]:
            assert report.keys() == REPORT
            for place in report["places"]:
                assert place.keys() == {"name", "country", "latitude", "longitude", "where_prec"}
            for claim in report["claims"]:
                assert claim.keys() == CLAIM
        for background in row["background"]:
            assert background.keys() == {"text", "start", "end"}
    assert sum(len(row["reports"]) for row in seeds) >= 5
    assert any(claim for row in seeds for report in row["reports"] for claim in report["claims"])
    json.dumps(seeds)


def spans(row: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for report in row["reports"]:
        yield from report["evidence"]
        yield from (claim["evidence"] for claim in report["claims"])
    yield from row["background"]


def test_every_span_names_its_own_words(seeds: list[dict[str, Any]]) -> None:
    found = [(row["body"], span) for row in seeds for span in spans(row)]
    assert len(found) > 20
    for body, span in found:
        assert body[span["start"] : span["end"]] == span["text"] != ""


def test_folders_are_walked_in_order(seeds: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in seeds] == sorted(path.stem for path in SEEDS.iterdir())


def test_lines_come_in_the_order_of_the_inputs() -> None:
    paths = sorted(SEEDS.glob("*.txt"), reverse=True)
    rows, _ = extracted(*paths)
    assert [row["path"] for row in rows] == [str(path) for path in paths]


def test_many_files_go_to_workers_and_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 3)
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text(f"{TEXT} It was number {number}.")
    (tmp_path / "4.txt").write_bytes(b"")
    rows = list(extract([tmp_path], Flags(), Settings(workers=2), NOW))
    names = [Path(row.path if isinstance(row, Rejected) else row["path"]).name for row in rows]
    assert names == [f"{number}.txt" for number in range(8)]
    assert [number for number, row in enumerate(rows) if isinstance(row, Rejected)] == [4]


def test_a_sidecar_is_read_and_gives_no_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.meta.json").write_text('{"published": "2021-03-04"}')
    rows, rejected = extracted(tmp_path / "a.meta.json", tmp_path / "a.txt")
    assert not rejected
    assert [(row["published"], row["published_from"]) for row in rows] == [("2021-03-04", "sidecar")]


def test_folders_are_not_read_again_for_every_sidecar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text(TEXT)
        (tmp_path / f"{number}.txt.meta.json").write_text("{}")
    (tmp_path / "lost.meta.json").write_text("{}")
    read: list[object] = []
    for name in ("scandir", "listdir"):
        reads = getattr(os, name)
        monkeypatch.setattr(module.os, name, lambda path, reads=reads: read.append(path) or reads(path))
    for paths in ([tmp_path], sorted(tmp_path.iterdir())):
        read.clear()
        lost = [row.path for row in find(paths) if isinstance(row, Rejected)]
        assert (lost, read) == ([str(tmp_path / "lost.meta.json")], [tmp_path])


@pytest.mark.parametrize("written", ["9999-12-31", "0001-01-01"])
def test_a_day_that_stands_for_no_date_in_a_sidecar_costs_nothing_but_the_date(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.txt").write_text(f"{TEXT} On Monday and on July 12 and yesterday there were two more fights.")
    (tmp_path / "a.meta.json").write_text(json.dumps({"published": written}))
    [row], rejected = extracted(tmp_path / "a.txt")
    assert (row["published"], rejected) == (None, [])


def test_the_flag_goes_before_the_sidecar(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.meta.json").write_text('{"published": "2021-03-04", "title": "Shelling"}')
    [row], _ = extracted(tmp_path / "a.txt", published="2022-01-01")
    assert (row["published"], row["published_from"], row["title"]) == ("2022-01-01", "flag", "Shelling")


def test_what_is_bad_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text(TEXT)
    (tmp_path / "2.txt").write_bytes(b"")
    os.mkfifo(tmp_path / "3.txt")
    (tmp_path / "4.txt").write_text(TEXT)
    (tmp_path / "4.meta.json").write_text("{")
    (tmp_path / "5.meta.json").write_text("{}")
    (tmp_path / "6.txt").write_bytes(b"x" * 201)
    (tmp_path / "7.txt").write_text(TEXT)
    limits = Settings(workers=1, max_file_bytes=200)
    rows = list(extract([tmp_path, tmp_path / "no.txt"], Flags(), limits, NOW))
    found = {Path(row.path).name: row.reason for row in rows if isinstance(row, Rejected)}
    assert found.pop("2.txt") == "the file is empty"
    assert found.pop("3.txt") == "not a regular file"
    assert "not valid JSON" in found.pop("4.txt")
    assert found.pop("5.meta.json") == "a sidecar without an article beside it"
    assert found.pop("6.txt") == "the file has 201 bytes, more than the limit of 200"
    assert found.pop("no.txt") == "no such file or directory"
    assert not found
    assert [row["id"] for row in rows if isinstance(row, dict)] == ["1", "7"]


def test_unfinished_files_and_links_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt.part", ".c.txt", "d.txt~"):
        (tmp_path / name).write_text(TEXT)
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    assert [path.name for path in find([tmp_path]) if isinstance(path, Path)] == ["a.txt"]


def test_a_packed_article_has_its_own_stem(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    rows, rejected = extracted(tmp_path / "a.txt.gz")
    assert not rejected
    assert TEXT in rows[0]["body"]


def test_several_articles_in_one_file_are_several_lines(tmp_path: Path) -> None:
    articles = [{"title": f"Shelling {n}", "body": f"{TEXT} Number {n}."} for n in range(3)]
    (tmp_path / "a.json").write_text(json.dumps(articles))
    rows, rejected = extracted(tmp_path / "a.json")
    assert not rejected
    assert [row["title"] for row in rows] == ["Shelling 0", "Shelling 1", "Shelling 2"]


def test_names_that_are_no_utf8_are_shown(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    shutil.copyfile(SEEDS / "002_2e75cf09986b3644.txt", name)
    rows, _ = extracted(Path(os.fsdecode(name)))
    assert rows[0]["id"] == "caf%E9"
