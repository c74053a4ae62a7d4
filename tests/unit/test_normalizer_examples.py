"""Every row of services/normalizer/examples is a test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.normalizer import boilerplate, language, layout, published, sentences, words
from services.normalizer.normalize import normalize
from services.normalizer.words import DATA
from shared.datafile import DataFileError
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


RULE = "x:\n  kind: caption\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("x:\n  kind: nonsense\n  has: [a]\n  line: a", 2, "x.kind: Input should be 'boilerplate', 'caption'"),
        (f"{RULE}  has: [a]", 2, "x: Value error, needs 'line', 'glued' or 'anywhere'"),
        (f"{RULE}  has: [a]\n  glued: a\n  anywhere: a", 2, "x: Value error, needs 'line', 'glued' or 'anywhere'"),
        (f"{RULE}  has: [A]\n  line: a", 2, "x: Value error, 'has' must be words in lower case"),
        (f"{RULE}  has: [{64 * 'a'}]\n  line: a", 3, "x.has.0: String should have at most 63 characters"),
        (f"{RULE}  has: [a]\n  line: a.*", 2, "x: Value error, a pattern repeats without a bound"),
        (f"{RULE}  has: [a]\n  line: (a", 2, "x: Value error, a pattern is no regular expression"),
        (f"{RULE}  has: [a]\n  line: (?P<who>a)", 2, "x: Value error, unknown group 'who'"),
        (f"{RULE}  has: [a]\n  line: a\n  hass: [a]", 5, "x.hass: Extra inputs are not permitted"),
        (f"{RULE}  has: []\n  line: a", 3, "x.has: Tuple should have at least 1 item"),
        (f"{RULE}  has: [a]\n  line: ''", 4, "x.line: String should have at least 1 character"),
        (f"{RULE}  line: a", 2, "x.has: Field required"),
        (f"{RULE}  has: [a]\n  line: a\n  top: 0", 5, "x.top: Input should be greater than 0"),
        (f"{RULE}  kind: credit", 3, "'kind' is given twice"),
        (f"{RULE}  has: [a]\n  line: a\nx: {{}}", 5, "'x' is given twice"),
        ("- x", 1, ": Input should be a valid dictionary"),
        ("{}", 1, ": Dictionary should have at least 1 item"),
        ("x: ]", 1, ""),
    ],
)
def test_the_loader_refuses_nonsense_with_file_and_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(DataFileError) as caught:
        boilerplate.load_rules(path)
    assert str(caught.value).startswith(f"{path}:{line}: {reason}")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("numbers:", "digits:", 1, "numbers: Field required"),
        ("[mr,", "[mr, mr,", 1, "'mr' is given twice"),
        ("[mr,", "[ '', mr,", 1, "titles.0: String should match pattern"),
    ],
)
def test_word_lists_are_refused_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, line: int, reason: str
) -> None:
    text = "titles: [mr, dr]\nnumbers: [no]\neither: [etc]\nstarters: [the]\n"
    (tmp_path / "bad.yml").write_text(text.replace(old, new))
    monkeypatch.setattr(words, "DATA", tmp_path)
    with pytest.raises(DataFileError) as caught:
        words.read_lists("bad.yml", sentences.Abbreviations)
    assert str(caught.value).startswith(f"{tmp_path / 'bad.yml'}:{line}: {reason}")
