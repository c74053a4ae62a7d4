"""Names: the examples that anybody can write, the data file, and that no two paths look alike."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.feeder.load_names import FILE, skipped_names
from services.feeder.names import is_sidecar, shown, sidecars_of, stem

EXAMPLES = Path(__file__).parents[2] / "services" / "feeder" / "examples" / "names.yml"


@pytest.mark.parametrize(
    "example",
    yaml.safe_load(EXAMPLES.read_text(encoding="utf-8")),
    ids=lambda example: example["description"],
)
def test_examples(example: dict[str, Any]) -> None:
    path = example["given"].encode()
    skipped = skipped_names().match_path(path)
    actual = {
        "skipped": skipped.reason if skipped else None,
        "listed": skipped.listed if skipped else None,
        "shown": shown(path),
        "stem": stem(path),
        "sidecar": is_sidecar(path),
        "sidecars": [name.decode() for name in sidecars_of(path)],
    }
    expected = example["expect"]
    assert {name: actual[name] for name in expected} == expected


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_different_paths_are_shown_differently(one: bytes, other: bytes) -> None:
    assert (shown(one) == shown(other)) == (one == other)


NASTY = st.lists(st.sampled_from([b"%", b"2", b"5", b"E", b"9", b"\xe9", b"\xc3\xa9", b"A"]), max_size=8).map(b"".join)


@given(NASTY, NASTY)
def test_not_even_those_made_to_be_mistaken(one: bytes, other: bytes) -> None:
    assert (shown(one) == shown(other)) == (one == other)


@given(st.binary(max_size=60))
def test_what_is_shown_is_text(path: bytes) -> None:
    shown(path).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pattern: x", "1: not a list of patterns"),
        ("- {pattern: a, reason: b}\n- {pattern: [", "2: expected"),
        ("- just a name", "1: expected `pattern`"),
        ("- {pattern: a, reason: b}\n- {pattern: a, reason: c}", "2: 'a' is there twice"),
        ("- {pattern: '*.Part', reason: b}", "1: '\\*.Part' is not a lower-case name"),
        ("- {pattern: 'a*b*', reason: b}", "1: 'a\\*b\\*' is not"),
        ("- {pattern: '*', reason: b}", "1: '\\*' is not"),
        ("- {pattern: 'a/b', reason: b}", "1: 'a/b' is not"),
        ("\n- {pattern: a, reason: ''}", "2: reason is not a str"),
        ("- {pattern: a, reason: b, listed: maybe}", "1: listed is not a bool"),
        ("- {pattern: a, reason: b, color: red}", "1: expected `pattern`"),
        ("- {pattern: 4913, reason: b}", "1: pattern is not a str"),
    ],
)
def test_a_data_file_with_nonsense_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "names.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"names.yml:{complaint}"):
        skipped_names(file)


def test_the_data_file_is_read_once() -> None:
    assert skipped_names(FILE) is skipped_names(FILE)
