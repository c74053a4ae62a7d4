"""The topic file, and what the loader says about one that makes no sense."""

from pathlib import Path

import pytest

from shared.bus.topics import FILE, load_topics, with_partitions
from shared.datafile import DataFileError
from shared.schemas import MESSAGES


def test_every_message_has_a_topic_and_a_reader() -> None:
    topics = load_topics()
    assert topics.keys() == MESSAGES.keys()
    assert topics["article.received"].retention == "keep"
    assert topics["article.tagged"].retention == "until_consumed"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("article.tagged:", "article.taged:", r"topics.yml:\d+: .*article.taged is not a message type"),
        ("retention: keep", "retention: forever", r"topics.yml:LINE: .*retention"),
        ("consumers: [tagger]", "consumers: []", r"topics.yml:LINE: .*consumers"),
        ("consumers: [tagger]", "consumers: [tagger, tagger]", r"topics.yml:LINE: .*a name is here twice"),
        ("consumers: [tagger]", "consumer: [tagger]", r"topics.yml:\d+: .*consumer"),
        ("compress: true", "compress: 7", r"topics.yml:LINE: .*compress"),
        ("  key: path", "  key: path\n  key: stem", r"topics.yml:\d+: .*'key' is given twice"),
        ("article.received:", "- article.received:", r"topics.yml:\d+"),
    ],
)
def test_nonsense_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    path = tmp_path / "topics.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError, match=expected.replace("LINE", str(line))):
        load_topics(path)


def test_a_message_without_a_topic_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "topics.yml"
    path.write_text(FILE.read_text(encoding="utf-8").split("dead.letter:")[0], encoding="utf-8")
    with pytest.raises(DataFileError, match=r"no topic for dead\.letter"):
        load_topics(path)


def test_partitions_are_the_files_unless_they_are_set() -> None:
    topics = load_topics()
    assert with_partitions(topics, None) == topics
    assert {topic.partitions for topic in with_partitions(topics, 7).values()} == {7}
