"""Loops to compare with, measured in the same run: the least that could be done with the same articles."""

import hashlib
import importlib.util
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

MODEL = "en_core_web_sm"
_BATCH = 256
_FEW = 200


def cpu_rate(work: Callable[[], object], articles: int) -> float:
    """Articles a second of processor time of this process."""
    started = time.process_time()
    work()
    return articles / (time.process_time() - started)


def references(texts: Sequence[str], folder: Path) -> Iterator[tuple[str, float | None]]:
    """Name and articles a second and core; None where it cannot be measured here."""
    inbox = folder / "inbox"
    inbox.mkdir(parents=True)
    for number, text in enumerate(texts):
        (inbox / f"{number}.txt").write_text(text, encoding="utf-8")
    yield "file copy + SHA-256", cpu_rate(lambda: _copy(inbox, folder / "copies"), len(texts))
    yield "FTS5 insert", cpu_rate(lambda: _insert(texts, folder / "plain.db"), len(texts))
    yield f"spaCy {MODEL}", _spacy(texts[:_FEW])


def _copy(inbox: Path, copies: Path) -> None:
    copies.mkdir()
    for path in inbox.iterdir():
        content = path.read_bytes()
        shutil.copyfile(path, copies / hashlib.sha256(content).hexdigest())


def _insert(texts: Sequence[str], path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='porter unicode61')")
        for at in range(0, len(texts), _BATCH):
            database.execute("BEGIN")
            rows = ((text,) for text in texts[at : at + _BATCH])
            database.executemany("INSERT INTO texts VALUES (?)", rows)
            database.execute("COMMIT")


def _spacy(texts: Sequence[str]) -> float | None:
    if not (importlib.util.find_spec("spacy") and importlib.util.find_spec(MODEL)):
        return None
    spacy = importlib.import_module("spacy")
    pipeline = spacy.load(MODEL)
    return cpu_rate(lambda: [len(document.ents) for document in pipeline.pipe(texts)], len(texts))
