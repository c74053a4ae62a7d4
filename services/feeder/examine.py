"""Reads what is due, with its sidecar; looks into the registry, but writes nothing down."""

from dataclasses import dataclass

from services.feeder.decide import File, Look, Patience, first_look, may_read_open
from services.feeder.names import SkippedNames, is_sidecar, sidecars_of
from services.feeder.registry import Registry
from services.feeder.tree import Bad, Content, Folders, Found, Held, Missing, read_file, try_folder
from shared.schemas.article_received import Sidecar

LARGEST_SIDECAR = 1 << 20


@dataclass(frozen=True, slots=True)
class Notes:
    """A sidecar as it was read: `sidecar` with its bytes, or the reason why it is none."""

    file: File
    sidecar: Sidecar | None = None
    raw: bytes = b""
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A due file and what was found. `unready` is a sidecar the article waits for."""

    file: File
    found: Found
    notes: Notes | None = None
    unready: File | None = None


@dataclass(frozen=True, slots=True)
class Examiner:
    """Looks at due files. `most_bytes` limits an article."""

    registry: Registry
    names: SkippedNames
    patience: Patience
    most_bytes: int

    def examine(self, folders: Folders, file: File, now: int) -> Examined:
        """What a due file turns out to be."""
        if file.path.endswith(b"/"):
            return Examined(file, try_folder(folders, file.path))
        if skipped := self.names.match_path(file.path):
            return Examined(file, Held(skipped.reason) if folders.look(file.path) else Missing())
        if is_sidecar(file.path):
            return self._examine_sidecar(folders, file, now)
        return self._examine_article(folders, file, now)

    def _examine_article(self, folders: Folders, file: File, now: int) -> Examined:
        found = self._read(folders, file, self.most_bytes, now)
        if not isinstance(found, Content):
            return Examined(file, found)
        for path in sidecars_of(file.path):
            look = folders.look(path)
            if look is None:
                continue
            beside = self._examine_sidecar(folders, self._sidecar_row(path, look, now), now)
            if beside.notes:
                return Examined(file, found, beside.notes)
            if not isinstance(beside.found, Missing):
                return Examined(file, Held("waiting for its sidecar to be complete"), unready=beside.file)
        return Examined(file, found)

    def _sidecar_row(self, path: bytes, look: Look, now: int) -> File:
        known = self.registry.files([path]).get(path)
        if known and known.look == look:
            return known
        return first_look(path, look, now, self.patience, closed=False, arrived_after=now)

    def _examine_sidecar(self, folders: Folders, file: File, now: int) -> Examined:
        if file.due and file.ready_at > now:
            return Examined(file, Held("not complete yet"))
        found = self._read(folders, file, LARGEST_SIDECAR, now)
        return Examined(file, found, _notes(file, found))

    def _read(self, folders: Folders, file: File, most_bytes: int, now: int) -> Found:
        even_open = may_read_open(file, now, self.patience)
        return read_file(folders, file.path, file.look, most_bytes, even_open=even_open)


def _notes(file: File, found: Found) -> Notes | None:
    if isinstance(found, Bad):
        return Notes(file, broken=found.reason)
    if not isinstance(found, Content):
        return None
    try:
        return Notes(file, Sidecar.from_json(found.raw), found.raw)
    except ValueError as error:
        return Notes(file, broken=str(error))
