"""Writes docs/accuracy.md: `python -m tests.accuracy [FOLDER...]`, folders with `gold.jsonl` and `docs/`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.accuracy.gold import Entry, development, written
from tests.accuracy.measure import Measures, Tally, measure

OUT = Path(__file__).parents[2] / "docs" / "accuracy.md"
HEAD = """# Accuracy

Written by `make eval`. *Written* are the project's own articles, which the rules were developed on; *blind* are
others of its own that the rules never saw; *development* is a set of real articles, when one was at hand, and the other
columns are further folders that were, each with what its README.txt says of it.
A loss is right when side, kind and number are; a claim whose side is not told is neither right nor wrong.
"""


def main(arguments: list[str], out: Path = OUT) -> int:
    """Measures every set and writes the page."""
    sets: dict[str, Iterator[Entry]] = {"written": written("written"), "blind": written("blind")}
    folders = named([Path(argument) for argument in arguments])
    sets |= {name: development(folder) for name, folder in folders.items()}
    found = {name: measure(entries) for name, entries in sets.items()}
    out.write_text("\n".join([HEAD, *_told(folders), *_table(found), *_errors(found)]) + "\n", encoding="utf-8")
    print(f"{out} written", file=sys.stderr)
    return 0


def named(folders: Sequence[Path]) -> dict[str, Path]:
    """The first is the development set, wherever it lies; the others go by their own names."""
    return {folder.name if number else "development": folder for number, folder in enumerate(folders)}


def _told(folders: Mapping[str, Path]) -> Iterator[str]:
    """What a folder's README.txt says of it, as a line of the page."""
    for name, folder in folders.items():
        about = folder / "README.txt"
        if about.is_file():
            yield f"*{name}*: {' '.join(about.read_text(encoding='utf-8').split())}\n"


def _table(found: dict[str, Measures]) -> Iterator[str]:
    yield "| measure | " + " | ".join(found) + " |"
    yield "|---" * (len(found) + 1) + "|"
    rows = {
        "articles (clashes)": lambda m: f"{m.articles} ({m.clashes})",
        "detection P / R / F1": lambda m: _prf(m.detection),
        "sides right, of those found": lambda m: _share(m.sides),
        "a place right": lambda m: _share(m.places),
        "exact day, where text or publication date allow one": lambda m: _share(m.dates),
        "no day given where they allow none": lambda m: _share(m.invented_dates),
        "losses (side, kind, number) P / R / F1": lambda m: _prf(m.losses),
        "articles with no background figure counted": lambda m: _share(m.leaks),
        "false alarms by kind": lambda m: ", ".join(f"{k} {n}" for k, n in m.false_alarms.most_common()) or "none",
    }
    for name, cell in rows.items():
        yield f"| {name} | " + " | ".join(cell(m) for m in found.values()) + " |"


def _prf(tally: Tally) -> str:
    return f"{tally.precision:.2f} / {tally.recall:.2f} / {tally.f1:.2f}"


def _share(tally: Tally) -> str:
    return f"{tally.right} of {tally.right + tally.wrong} ({tally.precision:.2f})"


def _errors(found: dict[str, Measures]) -> Iterator[str]:
    """Errors of the set the rules were developed on; those of the blind set stay unseen."""
    yield "\n## Errors on the written set\n"
    measures = found["written"]
    for name in ("detection", "sides", "places", "dates", "invented_dates", "losses", "leaks"):
        tally: Tally = getattr(measures, name)
        yield f"\n### {name.replace('_', ' ')}\n"
        yield from (f"- {error}" for error in tally.errors or ["none"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
