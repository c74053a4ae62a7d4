"""Writes down what a batch of files came to, and says it, in one transaction.

Two feeders may have read the same file: the rows are read again inside the transaction, and what somebody
else has settled meanwhile is left out. On a log in another file (Kafka) the messages go out before the
transaction ends: a crash in between repeats them, with the same ids.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge

from services.feeder.conclude import (
    Past,
    Read,
    Settled,
    names_order,
    replaces,
    settle,
    settle_article,
    settle_duplicate,
)
from services.feeder.decide import (
    SECOND,
    UNSEEN,
    File,
    Look,
    Patience,
    Standing,
    State,
    doubtful_until,
    first_look,
    moment,
)
from services.feeder.examine import Examined, Notes
from services.feeder.names import SkippedNames, owner_prefix, shown, sidecars_of
from services.feeder.registry import Registry
from services.feeder.tree import Bad, Content, Folders, Held, Missing, Moving
from shared.schemas import ArticleReceived, FileSettled, Message
from shared.schemas.ids import article_id
from shared.stage import Delivery, first_delivery

STAGE = "feeder"
_BROKEN_PAUSE = 5 * SECOND

Publish = Callable[[list[Delivery]], None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch brought: files dealt with, articles published, files settled otherwise, bytes of the
    articles.
    """

    files: int = 0
    received: int = 0
    settled: int = 0
    bytes: int = 0


@dataclass(slots=True)
class _Ledger:
    """What one transaction will write and say."""

    now: int
    standings: dict[str, Standing]
    files: dict[bytes, File] = field(default_factory=dict)
    new: list[File] = field(default_factory=list)
    deleted: list[bytes] = field(default_factory=list)
    woken: list[bytes] = field(default_factory=list)
    past: list[Past] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    changed: dict[str, Standing] = field(default_factory=dict)

    @property
    def time(self) -> datetime:
        return moment(self.now)

    def holders(self, article_id: str) -> list[bytes]:
        """Paths of this batch that hold the article."""
        return [path for path, file in self.files.items() if file.article_id == article_id]

    def holds(self, path: bytes, article_id: str) -> bool:
        """Whether nothing in this batch speaks against the path's holding the article."""
        settled = self.files.get(path)
        return settled is None or (settled.article_id == article_id and settled.state != "rejected")

    def enter(self, settled: Settled, look: Look) -> None:
        """The file came to an end; it is read once more if it may have changed in the very moment."""
        again = doubtful_until(look, self.now)
        file = replace(settled.file, due=again is not None, ready_at=again or 0, settled_at=self.now)
        self.files[file.path] = file
        self.messages += settled.messages
        self.standings.update(settled.articles)
        self.changed.update(settled.articles)
        if settled.past:
            self.past.append(settled.past)
        if settled.heir:
            self.woken.append(settled.heir)


class Recorder:
    """Settles batches of examined files."""

    def __init__(self, registry: Registry, publish: Publish, patience: Patience, names: SkippedNames) -> None:
        self._registry = registry
        self._publish = publish
        self._patience = patience
        self._names = names

    def record(self, folders: Folders, batch: Sequence[Examined], now: int) -> Recorded:
        """All of it or, when the log or the file cannot be written (TransientError), none of it."""
        reads = {one.file.path: _read(one) for one in batch}
        with self._registry.database.transaction():
            ledger = _Ledger(now, self._standings(batch, reads))
            for one in _shortest_first(self._still_due(batch), reads):
                self._settle(ledger, folders, one, reads[one.file.path])
            self._write(ledger)
            if ledger.messages:
                self._publish([first_delivery(STAGE, message, ledger.time) for message in ledger.messages])
        return _summary(len(batch), ledger.messages)

    def _still_due(self, batch: Sequence[Examined]) -> list[Examined]:
        known = self._registry.files([one.file.path for one in batch])
        return [one for one in batch if known.get(one.file.path) == one.file]

    def _standings(self, batch: Sequence[Examined], reads: dict[bytes, Read | None]) -> dict[str, Standing]:
        ids = {read.article_id for read in reads.values() if read}
        ids |= {one.file.article_id for one in batch if one.file.article_id}
        return self._registry.standings(sorted(ids))

    def _settle(self, ledger: _Ledger, folders: Folders, one: Examined, read: Read | None) -> None:
        file, found = one.file, one.found
        if file.path in ledger.files:  # a sidecar, settled with its article
            return
        if isinstance(found, Moving):
            self._look_again(ledger, file, found.look)
        elif isinstance(found, Held):
            self._hold(ledger, one, found)
        elif isinstance(found, Missing):
            _let_go(ledger, file)
        elif one.notes and read is None:
            self._settle_sidecar(ledger, one.notes)
        elif isinstance(found, Bad):
            ledger.enter(settle(file, "rejected", found.reason, ledger.time), file.look)
        elif read:
            self._settle_article(ledger, folders, file, read)
            if one.notes:
                self._settle_beside(ledger, one.notes)

    def _look_again(self, ledger: _Ledger, file: File, look: Look) -> None:
        fresh = first_look(file.path, look, ledger.now, self._patience, closed=False, arrived_after=ledger.now)
        ledger.files[file.path] = replace(
            file, look=look, looked_at=ledger.now, ready_at=fresh.ready_at, rank=fresh.rank
        )

    def _hold(self, ledger: _Ledger, one: Examined, found: Held) -> None:
        file = one.file
        if skipped := self._names.match_path(file.path):
            ledger.files[file.path] = replace(file, due=False, look=UNSEEN, state="skipped", reason=skipped.reason)
            return
        ready = ledger.now + (_BROKEN_PAUSE if found.broken else self._patience.settle)
        reason = found.reason if file.state == "waiting" else file.reason
        ledger.files[file.path] = replace(file, ready_at=ready, reason=reason)
        if one.unready and one.unready.path not in ledger.files:
            ledger.new.append(one.unready)

    def _settle_sidecar(self, ledger: _Ledger, notes: Notes) -> None:
        """A sidecar that is new or has changed: its articles are read again, with it or without."""
        owners = self._owners(notes.file.path)
        if notes.broken is None and not owners:
            name = shown(owner_prefix(notes.file.path).rpartition(b"/")[2])
            self._enter_sidecar(
                ledger, notes, "waiting", f"a sidecar without an article: no {name} or {name}.* beside it"
            )
            return
        self._settle_beside(ledger, notes)
        ledger.woken += owners

    def _settle_beside(self, ledger: _Ledger, notes: Notes) -> None:
        """A sidecar that was read with its article."""
        if notes.file.path in ledger.files:
            return
        if notes.broken is None:
            self._enter_sidecar(ledger, notes, "sidecar", "read with its article")
        else:
            self._enter_sidecar(ledger, notes, "rejected", notes.broken)

    def _enter_sidecar(self, ledger: _Ledger, notes: Notes, state: State, reason: str) -> None:
        known = self._registry.files([notes.file.path]).get(notes.file.path)
        if known is None:
            ledger.new.append(notes.file)
        file = replace(known or notes.file, look=notes.file.look)
        ledger.enter(settle(file, state, reason, ledger.time), file.look)

    def _owners(self, sidecar: bytes) -> list[bytes]:
        paths = self._registry.beginning_with(owner_prefix(sidecar))
        return [path for path in paths if path != sidecar and sidecar in sidecars_of(path)]

    def _settle_article(self, ledger: _Ledger, folders: Folders, file: File, read: Read) -> None:
        heir = None
        if file.article_id and replaces(file, read.article_id):
            heir = self._heir(ledger, folders, file.article_id, file.path)
        settled = settle_article(file, read, ledger.standings, heir, ledger.time)
        ledger.enter(settled, file.look)
        if settled.yields:
            self._yield(ledger, settled.yields, read.article_id)

    def _yield(self, ledger: _Ledger, path: bytes, article_id: str) -> None:
        """What was the article until now is its duplicate, without being read again: it may be gone."""
        file = ledger.files.get(path) or self._registry.files([path]).get(path)
        if file is None or file.article_id != article_id or file.state not in ("received", "duplicate"):
            return
        settled = settle_duplicate(file, article_id, ledger.standings[article_id], ledger.time)
        ledger.files[path] = replace(settled.file, settled_at=ledger.now)
        ledger.messages += settled.messages

    def _heir(self, ledger: _Ledger, folders: Folders, old: str, path: bytes) -> bytes | None:
        """Another path that is still there and was last known, or just found, to hold the same."""
        owner = ledger.standings[old].path
        known = self._registry.files([owner]).get(owner)
        owners = [owner] if known and known.state == "received" and known.article_id == old else []
        known_now = sorted([*owners, *ledger.holders(old)], key=names_order)
        for other in merge(known_now, self._registry.duplicates(old), key=names_order):
            if other != path and ledger.holds(other, old) and folders.look(other) is not None:
                return other
        return None

    def _write(self, ledger: _Ledger) -> None:
        self._registry.notice(ledger.new)
        self._registry.save(ledger.files.values())
        self._registry.delete(ledger.deleted)
        self._registry.save_standings(ledger.changed.items())
        self._registry.save_past(ledger.past, ledger.now)
        self._registry.wake(ledger.woken, ledger.now)


def _read(one: Examined) -> Read | None:
    """The article in what was found, if it is one: a due sidecar's own notes are about itself."""
    if not isinstance(one.found, Content) or (one.notes and one.notes.file.path == one.file.path):
        return None
    notes = one.notes
    usable = notes if notes and notes.sidecar else None
    raw = usable.raw if usable else b""
    return Read(article_id(one.found.raw, raw), one.found.raw, usable.sidecar if usable else None)


def _shortest_first(batch: Sequence[Examined], reads: Mapping[bytes, Read | None]) -> list[Examined]:
    """Of those with the same content the one that will be the article; else as they came, the newest first."""
    waiting: dict[str | bytes, list[Examined]] = {}
    contents = [read.article_id if (read := reads[one.file.path]) else one.file.path for one in batch]
    for content, one in sorted(zip(contents, batch, strict=True), key=lambda pair: names_order(pair[1].file.path)):
        waiting.setdefault(content, []).append(one)
    return [waiting[content].pop(0) for content in contents]


def _let_go(ledger: _Ledger, file: File) -> None:
    """It is not there (any more): an article that was read from it stays."""
    if file.path.endswith(b"/") or file.state == "skipped":
        ledger.deleted.append(file.path)
        if file.state == "rejected":
            past = Past(file.path, file.version, "the folder can be read now, or is gone", None)
            ledger.past.append(past)
            ledger.messages.append(
                FileSettled(
                    path=shown(file.path),
                    version=file.version,
                    state="superseded",
                    reason=past.reason,
                    settled_at=ledger.time,
                )
            )
    elif file.state == "waiting":
        reason = "vanished before it could be read"
        ledger.files[file.path] = replace(file, due=False, look=UNSEEN, state="gone", reason=reason)
    else:
        ledger.files[file.path] = replace(file, due=False, look=UNSEEN)


def _summary(files: int, messages: Sequence[Message]) -> Recorded:
    received = [message for message in messages if isinstance(message, ArticleReceived)]
    ended = sum(isinstance(message, FileSettled) and message.state != "superseded" for message in messages)
    return Recorded(files, len(received), ended, sum(message.size for message in received))
