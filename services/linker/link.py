"""Folds reports into the incidents of their dyad. What belongs together is `clusters`' word; here incidents
get their ids, revisions, merges and redirects.

An incident is founded by a report and named after it. It follows its founder, or, where that is gone, the
report that came first of those it had. Where several meet, the one founded first survives and the others
redirect to it for ever.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from services.linker.cluster import Group
from services.linker.incident import incident
from services.linker.neighbours import Neighbours
from services.linker.rule import Rule
from shared.schemas.ids import derived_id
from shared.schemas.incident import Incident
from shared.schemas.incident_changed import IncidentChanged
from shared.schemas.report_detected import ReportDetected


@dataclass(slots=True)
class Casebook:
    """A dyad in memory: incidents by id, each report's incident, each incident's founder if that is among its
    reports, and the order in which reports arrived and incidents were founded."""

    neighbours: Neighbours
    incidents: dict[str, Incident] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    founders: dict[str, str] = field(default_factory=dict)
    arrivals: dict[str, int] = field(default_factory=dict)
    foundings: dict[str, int] = field(default_factory=dict)
    by_article: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a message changed: reports that came and went, incidents in their new revision, and the news of
    it."""

    added: tuple[ReportDetected, ...] = ()
    removed: tuple[str, ...] = ()
    messages: tuple[IncidentChanged, ...] = ()


def casebook(reports: Iterable[ReportDetected], incidents: Iterable[Incident], rule: Rule) -> Casebook:
    """Opens what was saved: reports in order of arrival, incidents in order of founding."""
    book = Casebook(Neighbours(rule))
    for detected in reports:
        _take_in(book, detected)
    book.neighbours.regroup(book.neighbours.reports)
    for one in incidents:
        _file(book, one)
    return book


def link(book: Casebook, detected: ReportDetected) -> Outcome:
    """Takes a report in; older versions of its article go. Changes `book`; a report already held changes
    nothing."""
    report_id = detected.report.report_id
    if book.neighbours.reports.get(report_id) == detected:
        return Outcome()
    removed = _outdated(book, detected.article_id, detected.article_version) - {report_id}
    touched = _let_go(book, removed) | _take_in(book, detected)
    messages = _settle(book, touched, removed, replaced=report_id, caused_by=report_id)
    return Outcome((detected,), tuple(sorted(removed)), messages)


def unlink(book: Casebook, article_id: str, version: int) -> Outcome:
    """Removes the reports of all versions of an article before this one: as if they had never been."""
    removed = _outdated(book, article_id, version)
    touched = _let_go(book, removed)
    return Outcome((), tuple(sorted(removed)), _settle(book, touched, removed))


def restate(book: Casebook, report_ids: Iterable[str], incident_ids: Iterable[str]) -> Outcome:
    """Says again how these incidents, those of these reports and those merged into them stand: heals a lost
    message."""
    wanted = set(incident_ids) | {book.homes[one] for one in report_ids if one in book.homes}
    found = [one for one in book.incidents.values() if wanted & {one.incident_id, one.redirects_to}]
    return Outcome(messages=tuple(IncidentChanged(incident=one) for one in found))


def _take_in(book: Casebook, detected: ReportDetected) -> set[str]:
    """The reports whose groups it may have changed."""
    report_id = detected.report.report_id
    book.arrivals.setdefault(report_id, next(reversed(book.arrivals.values()), 0) + 1)
    book.by_article[detected.article_id].add(report_id)
    return book.neighbours.add(detected)


def _outdated(book: Casebook, article_id: str, version: int) -> set[str]:
    reports = book.neighbours.reports
    return {one for one in book.by_article.get(article_id, ()) if reports[one].article_version < version}


def _let_go(book: Casebook, removed: set[str]) -> set[str]:
    """The reports whose groups that may have changed."""
    touched: set[str] = set()
    for report_id in removed:
        book.by_article[book.neighbours.reports[report_id].article_id].discard(report_id)
        touched |= book.neighbours.remove(report_id)
    return touched - removed


def _settle(
    book: Casebook,
    touched: set[str],
    removed: set[str],
    *,
    replaced: str | None = None,
    caused_by: str | None = None,
) -> tuple[IncidentChanged, ...]:
    groups = book.neighbours.regroup(touched)
    concerned = {book.homes[node] for group in groups for node in group if node in book.homes}
    concerned |= {book.homes[node] for node in removed}
    heirs = _heirs(book, groups, concerned)
    changed: dict[str, Incident] = {}
    for group in groups:
        _name(book, group, heirs.pop(group, []), changed, replaced)
    for left in heirs.get((), []):
        changed[left.incident_id] = _closed(left, status="withdrawn")
    return _write_down(book, removed, changed, caused_by)


def _heirs(book: Casebook, groups: Sequence[Group], concerned: set[str]) -> dict[Group, list[Incident]]:
    """Each group's incidents of before, first founded first; under () those that nothing is left of."""
    group_of = {node: group for group in groups for node in group}
    found: defaultdict[Group, list[Incident]] = defaultdict(list)
    for incident_id in sorted(concerned, key=book.foundings.__getitem__):
        old = book.incidents[incident_id]
        alive = [one.report_id for one in old.links if one.report_id in group_of]
        founder = book.founders.get(incident_id)
        if founder not in group_of:
            founder = min(alive, key=lambda node: book.arrivals[node], default=None)
        found[group_of[founder] if founder else ()].append(old)
    return found


def _name(
    book: Casebook, group: Group, heirs: list[Incident], changed: dict[str, Incident], replaced: str | None
) -> None:
    """Gives the group its incident; the others that meet in it redirect there."""
    members = frozenset(group)
    if len(heirs) == 1 and replaced not in members and _members(heirs[0]) == members:
        return
    incident_id = heirs[0].incident_id if heirs else _new_id(book, group)
    before, losers = book.incidents.get(incident_id), _with_theirs(book, heirs[1:])
    changed[incident_id] = incident(
        incident_id,
        [book.neighbours.profiles[node] for node in group],
        {node: book.neighbours.reasons(node, members) for node in group},
        book.neighbours.rule,
        merged_from=(before.merged_from if before else ()) + tuple(one.incident_id for one in losers),
    )
    for one in losers:
        changed[one.incident_id] = _closed(one, status="merged", redirects_to=incident_id)


def _with_theirs(book: Casebook, losers: Sequence[Incident]) -> list[Incident]:
    """These and all that redirect to them: a redirect leads to its end in one step."""
    return [one for loser in losers for one in (loser, *(book.incidents[other] for other in loser.merged_from))]


def _members(one: Incident) -> set[str]:
    return {link.report_id for link in one.links}


def _new_id(book: Casebook, group: Group) -> str:
    """Named after the report that came first; an id that redirects is not given again."""
    founder = min(group, key=lambda node: book.arrivals[node])
    names = (_named_after(founder, number) for number in count())
    return next(name for name in names if _is_free(book.incidents.get(name)))


def _is_free(holder: Incident | None) -> bool:
    return holder is None or holder.status == "withdrawn"


def _named_after(report_id: str, number: int = 0) -> str:
    return derived_id("incident", report_id, number) if number else derived_id("incident", report_id)


def _closed(old: Incident, **end: str) -> Incident:
    """Only who and why not: nothing of it may be counted twice."""
    kept = old.model_dump(include={"incident_id", "revision", "dyad", "side_a", "side_b", "border", "merged_from"})
    return Incident.model_validate(kept | end)


def _write_down(
    book: Casebook, removed: set[str], changed: dict[str, Incident], caused_by: str | None
) -> tuple[IncidentChanged, ...]:
    """A revision for each incident that is not as it was."""
    for report_id in removed:
        del book.homes[report_id], book.arrivals[report_id]
    messages = []
    for incident_id, new in changed.items():
        old = book.incidents.get(incident_id)
        if old and _members(old) == _members(new) and new.model_copy(update={"revision": old.revision}) == old:
            continue
        revised = new.model_copy(update={"revision": old.revision + 1}) if old else new
        _file(book, revised)
        messages.append(IncidentChanged(incident=revised, previous=old, caused_by=caused_by))
    return tuple(sorted(messages, key=lambda one: book.foundings[one.key]))


def _file(book: Casebook, one: Incident) -> None:
    book.incidents[one.incident_id] = one
    book.foundings.setdefault(one.incident_id, len(book.foundings))
    members = [link.report_id for link in one.links]
    if book.founders.get(one.incident_id) not in members:
        book.founders.pop(one.incident_id, None)
        came = [node for node in members if book.homes.get(node) != one.incident_id]
        founder = next((node for node in came if _named_after(node) == one.incident_id), None)
        if founder is not None:
            book.founders[one.incident_id] = founder
    book.homes.update(dict.fromkeys(members, one.incident_id))
