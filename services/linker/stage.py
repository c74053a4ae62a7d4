"""The linker: reads report.detected and article.withdrawn, writes incident.changed."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Set
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from services.linker.link import Casebook, Outcome, casebook, link, restate, unlink
from services.linker.rule import RULE_FILE, Rule
from shared.datafile import load_yaml
from shared.errors import ConflictError
from shared.schemas import ArticleWithdrawn, IncidentChanged, Message, ReportDetected
from shared.stage import Stage
from shared.store.port import ArticleState, DyadChange, LinkStore

TRIES = 5
MAX_REPORTS_IN_MEMORY = 10_000


def stage(
    store: LinkStore,
    *,
    rule: Rule | None = None,
    scope: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Stage:
    """`scope` is the store's savepoint. Raises DataFileError when the published rule makes no sense."""
    linker = _Linker(store, rule or load_yaml(RULE_FILE, Rule))
    return Stage("linker", (ReportDetected, ArticleWithdrawn), (IncidentChanged,), linker.apply, scope)


class _Linker:
    """Loads, calls the pure functions, saves. Keeps the casebooks of recent dyads, each with the version it
    is of."""

    def __init__(self, store: LinkStore, rule: Rule) -> None:
        self._store, self._rule = store, rule
        self._books: OrderedDict[str, tuple[int, Casebook]] = OrderedDict()

    def apply(self, message: Message, now: datetime) -> Iterable[IncidentChanged]:
        """The incidents that changed, and those a replayed message had changed."""
        del now
        if isinstance(message, ReportDetected):
            return self._report(message)
        if isinstance(message, ArticleWithdrawn):
            return self._withdrawn(message)
        raise TypeError(f"the linker does not read {message.TYPE}")

    def _report(self, detected: ReportDetected) -> list[IncidentChanged]:
        known = self._store.article(detected.article_id)
        if detected.article_version < known.version:  # what it came in place of is gone all the same
            return self._end(detected.replaces) if detected.replaces else []
        dyad, version = detected.key, detected.article_version
        told = {dyad, *detected.dyads}
        messages = self._change(dyad, lambda book: link(book, detected))
        messages += self._unlink(known, version, but=told)
        if detected.replaces:
            messages += self._end(detected.replaces, but=told)
        self._remember(known, version, known.dyads | {dyad}, messages)
        if messages:
            return messages
        return self._change(dyad, lambda book: restate(book, [detected.report.report_id], known.incidents))

    def _withdrawn(self, withdrawn: ArticleWithdrawn) -> list[IncidentChanged]:
        known = self._store.article(withdrawn.article_id)
        messages = self._end(withdrawn)
        if messages or withdrawn.version != known.version:
            return messages
        return [
            message
            for dyad in sorted(known.dyads)
            for message in self._change(dyad, lambda book: restate(book, (), known.incidents))
        ]

    def _end(self, withdrawn: ArticleWithdrawn, *, but: Set[str] = frozenset()) -> list[IncidentChanged]:
        """Takes back what the article told; of the dyads in `but` a report of the new article takes the old one's
        place."""
        known = self._store.article(withdrawn.article_id)
        if withdrawn.version < known.version:
            return []
        messages = self._unlink(known, withdrawn.version, but=but)
        self._remember(known, withdrawn.version, known.dyads, messages)
        return messages

    def _unlink(self, known: ArticleState, version: int, *, but: Set[str] = frozenset()) -> list[IncidentChanged]:
        """Asked again for a version that is known: its article may have been saved, and a dyad not."""
        return [
            message
            for dyad in sorted(known.dyads - but)
            for message in self._change(dyad, lambda book: unlink(book, known.article_id, version))
        ]

    def _remember(
        self, known: ArticleState, version: int, dyads: frozenset[str], messages: Iterable[IncidentChanged]
    ) -> None:
        changed = frozenset(message.incident.incident_id for message in messages)
        before = known.incidents if version == known.version else frozenset()
        state = ArticleState(known.article_id, version, dyads, before | changed)
        if state != known:
            self._store.save_article(state)

    def _change(self, dyad: str, act: Callable[[Casebook], Outcome]) -> list[IncidentChanged]:
        """Raises ConflictError when others keep saving the dyad first; the host then tries the message
        again."""
        for _ in range(TRIES - 1):
            try:
                return self._try(dyad, act)
            except ConflictError:
                continue
        return self._try(dyad, act)

    def _try(self, dyad: str, act: Callable[[Casebook], Outcome]) -> list[IncidentChanged]:
        version, book = self._take(dyad)
        outcome = act(book)
        if outcome.added or outcome.removed:
            incidents = [message.incident for message in outcome.messages]
            version = self._store.save(DyadChange(dyad, version, outcome.added, outcome.removed, incidents))
        self._keep(dyad, version, book)
        return list(outcome.messages)

    def _take(self, dyad: str) -> tuple[int, Casebook]:
        """Out of memory, so that a casebook changed in vain is never seen again."""
        state = self._store.load(dyad)
        version, book = self._books.pop(dyad, (0, None))
        if book is None or version != state.version:
            book = casebook(state.reports, state.incidents, self._rule)
        return state.version, book

    def _keep(self, dyad: str, version: int, book: Casebook) -> None:
        self._books[dyad] = version, book
        while len(self._books) > 1 and self._reports_in_memory() > MAX_REPORTS_IN_MEMORY:
            self._books.popitem(last=False)

    def _reports_in_memory(self) -> int:
        return sum(len(book.neighbours.reports) for _, book in self._books.values())
