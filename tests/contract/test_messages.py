"""Every example of a message ever committed is still read, and says the same when written again."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.envelope import decode, encode
from shared.schemas import MESSAGES

EXAMPLES = Path(__file__).parents[2] / "shared" / "schemas" / "examples"
LIST = EXAMPLES / "SHA256SUMS"
FILES = sorted(EXAMPLES.glob("*/*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_an_example_is_read_and_written_again(path: Path) -> None:
    raw = path.read_bytes()
    read = decode(raw)
    assert path.parts[-3] == read.data.TYPE
    again = decode(encode(read.data, id=read.id, stage="test", now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert again.data == read.data
    assert json.loads(raw)["subject"] == read.data.key


def test_every_message_has_an_example_of_its_version() -> None:
    assert {(p.parts[-3], p.parts[-2]) for p in FILES} >= {(m.TYPE, str(m.VERSION)) for m in MESSAGES.values()}


def test_examples_are_append_only() -> None:
    """An example may be added with its line; none may change or go: somebody's log still holds it."""
    listed = dict(reversed(line.split("  ")) for line in LIST.read_text(encoding="utf-8").splitlines())
    present = {str(p.relative_to(EXAMPLES)): hashlib.sha256(p.read_bytes()).hexdigest() for p in FILES}
    assert present == listed


def test_unknown_fields_are_ignored() -> None:
    event = json.loads(FILES[0].read_bytes())
    event["data"]["of_a_later_version"] = {"x": 1}
    event["extension"] = "y"
    assert FILES[0].parts[-3] == decode(json.dumps(event).encode()).data.TYPE


def test_a_newer_version_is_refused() -> None:
    event = json.loads(FILES[0].read_bytes())
    event["dataschema"] = event["dataschema"].rsplit(":", 1)[0] + ":99"
    with pytest.raises(ValueError, match="newer than this program"):
        decode(json.dumps(event).encode())
