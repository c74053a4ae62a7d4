"""`clashwatch extract`: files through the pure stages, without a log, an index or any other state."""

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

from services.feeder.load_names import skipped_names
from services.feeder.names import is_sidecar, shown, sidecars_of, stem
from services.pipeline import pure_stages
from shared.bus.port import Record
from shared.envelope import decode
from shared.hosts.pool import InProcess, Job, Pool, Workers
from shared.schemas import ArticleAnalyzed, ArticleReceived, DeadLetter, FileSettled, Message
from shared.schemas.article_received import Sidecar
from shared.schemas.ids import article_id
from shared.schemas.report import Report
from shared.settings import Settings
from shared.stage import first_delivery

# Starting worker processes costs about as much as this many articles.
FEW = 64
IN_FLIGHT = 256
IN_FLIGHT_BYTES = 32 * 1024 * 1024
_TURN_SECONDS = 0.05
_MAX_SIDECAR = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rejected:
    """An input that came to nothing, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Flags:
    """What the person said about all files: `published` is EDTF and goes before what a sidecar says."""

    published: str | None = None


def extract(
    paths: Iterable[Path], flags: Flags, settings: Settings, now: datetime
) -> Iterator[dict[str, Any] | Rejected]:
    """One row an article, in the order of the inputs, as the outside contract (DESIGN section 8) has it."""
    inputs = (_received(path, flags, settings, now) for path in find(paths))
    first = list(islice(inputs, FEW + 1))
    workers = settings.workers if len(first) > FEW else 1
    pool: Pool = Workers(pure_stages, workers) if workers > 1 else InProcess(pure_stages)
    try:
        for outcome in _outcomes(chain(first, inputs), pool, flags, now):
            yield from outcome
    finally:
        pool.close()


def find(paths: Iterable[Path]) -> Iterator[Path | Rejected]:
    """The files to read: folders are walked in the order of names, sidecars are left to their articles."""
    owned = cache(_owned)  # a shell gives `folder/*` one by one
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        elif is_sidecar(os.fsencode(path)) and path.is_file():
            if os.fsencode(path.name) not in owned(path.parent):
                yield Rejected(_shown(path), "a sidecar without an article beside it")
        else:
            yield path


def article_row(article: ArticleAnalyzed) -> dict[str, Any]:
    """The article as one line of output."""
    return {
        "id": article.stem,
        "path": article.path,
        "title": article.title,
        "body": article.body,
        "published": article.published,
        "published_from": article.published_from,
        "language": article.language,
        "is_clash": article.is_clash,
        "score": article.score,
        "reports": [_report_row(report) for report in article.reports],
        "background": [span.model_dump(include={"text", "start", "end"}) for span in article.background],
        "flags": list(article.flags),
        "doubts": [doubt.model_dump(include={"flag", "text", "start", "end"}) for doubt in article.doubts],
    }


_PLACE = {"name", "country", "latitude", "longitude", "where_prec"}
_CLAIM = {"side", "kind", "who", "low", "best", "high", "period", "claimed_by", "evidence"}
_REPORT: dict[str, Any] = {
    "side_a": True,
    "side_b": True,
    "dyad": True,
    "places": {"__all__": _PLACE},
    "date_start": True,
    "date_end": True,
    "date_prec": True,
    "claims": {"__all__": _CLAIM},
    "weapons": True,
    "is_primary": True,
    "evidence": True,
}


def _report_row(report: Report) -> dict[str, Any]:
    return report.model_dump(mode="json", include=_REPORT)


def _walk(folder: Path) -> Iterator[Path | Rejected]:
    """Names of unfinished and hidden files are passed over, as in the inbox; links are not followed."""
    names = skipped_names()
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Rejected(_shown(folder), _reason(error))
        return
    owned = _sidecars(entry.name for entry in entries)
    for entry in entries:
        path = folder / entry.name
        if names.match(entry.name) or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path)
        elif not is_sidecar(os.fsencode(path)):
            yield path
        elif os.fsencode(entry.name) not in owned:
            yield Rejected(_shown(path), "a sidecar without an article beside it")


def _owned(folder: Path) -> frozenset[bytes]:
    return _sidecars(path.name for path in folder.iterdir())


def _sidecars(names: Iterable[str]) -> frozenset[bytes]:
    """Where the sidecars of the articles of one folder may be, by name."""
    articles = (name for name in map(os.fsencode, names) if not is_sidecar(name))
    return frozenset(chain.from_iterable(map(sidecars_of, articles)))


def _received(path: Path | Rejected, flags: Flags, settings: Settings, now: datetime) -> ArticleReceived | Rejected:
    if isinstance(path, Rejected):
        return path
    try:
        content = _read(path, settings.max_file_bytes)
        sidecar, raw = _sidecar(path)
    except OSError as error:
        return Rejected(_shown(path), _reason(error))
    except ValueError as error:
        return Rejected(_shown(path), str(error))
    if flags.published:
        sidecar = (sidecar or Sidecar()).model_copy(update={"published": flags.published})
        raw = sidecar.model_dump_json(exclude_none=True).encode()
    name = os.fsencode(path)
    return ArticleReceived(
        article_id=article_id(content, raw),
        path=shown(name),
        stem=stem(name),
        size=len(content),
        content=content,
        sidecar=sidecar,
        received_at=now,
    )


def _read(path: Path, limit: int) -> bytes:
    """Raises OSError, or ValueError for what is no regular file of at most `limit` bytes."""
    # Opening a FIFO would wait for a writer.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        content = file.read(limit + 1)
    if not content:
        raise ValueError("the file is empty")
    if len(content) > limit:
        raise ValueError(f"the file has {status.st_size} bytes, more than the limit of {limit}")
    return content


def _sidecar(path: Path) -> tuple[Sidecar | None, bytes]:
    for candidate in sidecars_of(os.fsencode(path)):
        beside = Path(os.fsdecode(candidate))
        if beside.exists():
            raw = _read(beside, _MAX_SIDECAR)
            return Sidecar.from_json(raw), raw
    return None, b""


def _outcomes(
    inputs: Iterator[ArticleReceived | Rejected], pool: Pool, flags: Flags, now: datetime
) -> Iterator[list[dict[str, Any] | Rejected]]:
    """Keeps a bounded number of articles in the pool; gives what came of them in the order they went in."""
    waiting: deque[Job | Rejected] = deque()
    more = True
    while more or waiting:
        more = more and _submit(inputs, waiting, pool, now)
        while waiting and (isinstance(waiting[0], Rejected) or waiting[0].outcome is not None):
            first = waiting.popleft()
            yield [first] if isinstance(first, Rejected) else _rows(first, flags)
        pool.collect(_TURN_SECONDS)


def _submit(
    inputs: Iterator[ArticleReceived | Rejected], waiting: deque[Job | Rejected], pool: Pool, now: datetime
) -> bool:
    """Fills up what is in flight; false when the inputs are at their end."""
    size = sum(len(job.record.value) for job in waiting if isinstance(job, Job))
    while len(waiting) < IN_FLIGHT and size < IN_FLIGHT_BYTES:
        found = next(inputs, None)
        if found is None:
            return False
        if isinstance(found, Rejected):
            waiting.append(found)
            continue
        value = first_delivery("extract", found, now).value
        job = Job("normalizer", Record(found.TYPE, 0, 0, found.key, value), now)
        waiting.append(job)
        pool.submit([job])
        size += len(value)
    return True


def _rows(job: Job, flags: Flags) -> list[dict[str, Any] | Rejected]:
    """The lines of one file; a stage that is kept waiting is an input that cannot be read now."""
    received = decode(job.record.value).data
    assert isinstance(received, ArticleReceived)
    assert job.outcome is not None
    if job.outcome.waiting:
        return [Rejected(received.path, job.outcome.waiting)]
    messages = [decode(delivery.value).data for delivery in job.outcome.deliveries]
    rows = [_row(message, received, flags) for message in messages]
    return [row for row in rows if row is not None]


def _row(message: Message, received: ArticleReceived, flags: Flags) -> dict[str, Any] | Rejected | None:
    if isinstance(message, ArticleAnalyzed):
        row = article_row(message)
        if flags.published and (row["published"], row["published_from"]) == (flags.published, "sidecar"):
            row["published_from"] = "flag"
        return row
    if isinstance(message, FileSettled) and message.state == "rejected":
        return Rejected(message.path, message.reason)
    if isinstance(message, DeadLetter):
        return Rejected(received.path, f"the {message.stage} failed: {message.reason}")
    return None


def _shown(path: Path) -> str:
    return shown(os.fsencode(path))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
