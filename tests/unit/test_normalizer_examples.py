"""Every row of services/normalizer/examples is a test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.normalizer import boilerplate, language, layout, published, sentences
from services.normalizer.datafile import DATA
from services.normalizer.normalize import normalize
from shared.schemas import ArticleNormalized, ArticleReceived
from shared.schemas.article_received import Sidecar

EXAMPLES = DATA.parent / "examples"
NOW = datetime(2026, 1, 2, tzinfo=UTC)

Row = dict[str, Any]


def rows(name: str) -> list[Any]:
    loaded = yaml.safe_load((EXAMPLES / f"{name}.yml").read_text(encoding="utf-8"))
    return [pytest.param(row, id=f"{row.get('rule', '')} {row['description']}".strip()) for row in loaded]


@pytest.mark.parametrize("row", rows("boilerplate"))
def test_boilerplate(row: Row) -> None:
    lines = [line for line in row["given"].split("\n") if line]
    sifted = boilerplate.sift(lines)
    assert [part.kind for part in sifted.aside] == row["aside"]
    assert sifted.kept == (row.get("kept", []) if row["aside"] else lines)


def test_every_rule_has_examples_both_ways_and_words_that_find_it() -> None:
    given = [param.values[0] for param in rows("boilerplate")]
    rules = {rule.name: rule for rule in boilerplate.load_rules(DATA / "boilerplate.yml")}
    for takes in (True, False):
        assert rules.keys() == {row["rule"] for row in given if bool(row["aside"]) is takes}
    without = [row for row in given if not any(word in row["given"].lower() for word in rules[row["rule"]].has)]
    assert without == []


@pytest.mark.parametrize("row", [param for param in rows("boilerplate") if param.values[0]["aside"]])
def test_the_rule_named_matches(row: Row) -> None:
    rule = next(rule for rule in boilerplate.load_rules(DATA / "boilerplate.yml") if rule.name == row["rule"])
    patterns = [pattern for pattern in (rule.line, rule.glued, rule.anywhere) if pattern]
    assert any(pattern.search(line) for pattern in patterns for line in row["given"].split("\n"))


@pytest.mark.parametrize("row", rows("sentences"))
def test_sentences(row: Row) -> None:
    text = row["given"]
    assert [text[start:end] for start, end in sentences.split(text)] == row["expect"]


@pytest.mark.parametrize("row", rows("dates"))
def test_dates(row: Row) -> None:
    if row["expect"] == "ambiguous":
        with pytest.raises(published.AmbiguousDateError):
            published.to_edtf(row["given"])
    else:
        assert published.to_edtf(row["given"]) == row["expect"]


@pytest.mark.parametrize("row", rows("languages"))
def test_languages(row: Row) -> None:
    assert language.language_of(row["given"]) == row["expect"]


@pytest.mark.parametrize("row", rows("articles"))
def test_articles(row: Row) -> None:
    content = row["given"]["text"].encode()
    sidecar = Sidecar(**row["given"]["sidecar"]) if "sidecar" in row["given"] else None
    received = ArticleReceived(
        article_id="a",
        path="a.txt",
        stem="a",
        size=len(content),
        content=content,
        sidecar=sidecar,
        received_at=NOW,
    )
    (article,) = normalize(received, NOW)
    assert isinstance(article, ArticleNormalized)
    found = article.model_dump(mode="json")
    assert {name: found[name] for name in row["expect"]} == row["expect"]
    assert all(article.body[s.start : s.end].strip() == article.body[s.start : s.end] for s in article.sentences)


def test_blank_lines_and_columns() -> None:
    assert layout.paragraphs("a  b\n\n\n\n  c\n") == ["a b", "", "c", ""]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- name: x\n  kind: nonsense\n  has: [a]\n  line: a", "bad.yml:1: unknown kind 'nonsense'"),
        ("- name: x\n  kind: caption\n  has: [a]", "bad.yml:1: needs 'line', 'glued' or 'anywhere'"),
        ("- name: x\n  kind: caption\n  has: [A]\n  line: a", "bad.yml:1: 'has' must be words in lower case"),
        ("- name: x\n  kind: caption\n  has: [a]\n  line: a.*", "bad.yml:1: 'line' repeats without a bound"),
        ("- name: x\n  kind: caption\n  has: [a]\n  line: (a", "bad.yml:1: 'line' is no regular expression"),
        ("- name: x\n  kind: caption\n  has: [a]\n  line: (?P<who>a)", "bad.yml:1: unknown group 'who'"),
        ("- name: x\n  kind: caption\n  hass: [a]\n  line: a", "bad.yml:1: unknown name 'hass'"),
        (
            "- name: x\n  kind: caption\n  has: []\n  line: a",
            "bad.yml:1: 'has' is not a list with something in it",
        ),
        ("- name: x\n  kind: caption\n  line: a", "bad.yml:1: 'has' is missing"),
        ("- name: x\n  name: y", "bad.yml:1: a key is given twice"),
        ("name: x", "bad.yml:1: not a list of rows"),
        ("- [", "bad.yml:1: "),
        (
            "- {name: x, kind: caption, has: [a], line: a}\n- {name: x, kind: caption, has: [b], line: b}",
            "bad.yml:2: the name 'x' is taken",
        ),
    ],
)
def test_the_loader_refuses_nonsense_with_file_and_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"bad\.yml") as caught:
        boilerplate.load_rules(path)
    assert str(caught.value).startswith(reason)
