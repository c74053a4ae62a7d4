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
from shared.schemas.ids import derived_id, path_rank
from shared.schemas.incident import Incident
from shared.schemas.incident_changed import IncidentChanged
from shared.schemas.report_detected import ReportDetected


@dataclass(slots=True)
class Casebook:
    """A dyad in memory: incidents by id, the incident of each node and the nodes of each incident, the founder of each
    incident if it is still there, and the order in which reports arrived and incidents were founded."""

    neighbours: Neighbours
    incidents: dict[str, Incident] = field(default_factory=dict)
    homes: dict[int, str] = field(default_factory=dict)
    holdings: dict[str, frozenset[int]] = field(default_factory=dict)
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
    for one in incidents:
        _file(book, one)
    for detected in reports:
        _take_in(book, detected)
    shown_in = {shown.report_id: one.incident_id for one in book.incidents.values() for shown in one.links}
    for group in book.neighbours.regroup(book.neighbours.nodes):
        ids = (member.report_id for node in group for member in book.neighbours.nodes[node].ranked)
        for incident_id in {shown_in[report_id] for report_id in ids if report_id in shown_in}:
            _settle_in(book, incident_id, group)
    return book


def link(book: Casebook, detected: ReportDetected) -> Outcome:
    """Takes a report in; older versions of its article go. Changes `book`; a report already held changes nothing."""
    report_id = detected.report.report_id
    held = book.neighbours.reports.get(report_id)
    if held == detected or (held and _stands_before(held, detected)):
        return Outcome()
    old = detected.replaces
    replaced = _outdated(book, old.article_id, old.version) if old else set()
    removed = (_outdated(book, detected.article_id, detected.article_version) - {report_id}) | replaced
    left = _nodes(book, removed | {report_id})
    orphaned = {book.homes[node] for node in _nodes(book, replaced)}
    touched = _let_go(book, removed) | _take_in(book, detected)
    changed = left | _nodes(book, {report_id})
    for incident_id in orphaned:
        book.holdings[incident_id] |= _nodes(book, {report_id})
    return Outcome((detected,), tuple(sorted(removed)), _settle(book, touched, changed, report_id))


def _stands_before(held: ReportDetected, detected: ReportDetected) -> bool:
    """Of one version found in two places (two zips hold it) the shorter path stands, whichever came last."""
    same = held.article_version == detected.article_version
    return same and path_rank(held.path) > path_rank(detected.path)


def unlink(book: Casebook, article_id: str, version: int) -> Outcome:
    """Removes the reports of all versions of an article before this one: as if they had never been."""
    removed = _outdated(book, article_id, version)
    changed = _nodes(book, removed)
    touched = _let_go(book, removed)
    return Outcome((), tuple(sorted(removed)), _settle(book, touched, changed, None))


def restate(book: Casebook, report_ids: Iterable[str], incident_ids: Iterable[str]) -> Outcome:
    """Says again how these incidents, those of these reports and those merged into them stand: heals a lost message."""
    wanted = set(incident_ids) | {book.homes[node] for node in _nodes(book, report_ids)}
    found = [one for one in book.incidents.values() if wanted & {one.incident_id, one.redirects_to}]
    return Outcome(messages=tuple(IncidentChanged(incident=one) for one in found))


def _nodes(book: Casebook, report_ids: Iterable[str]) -> set[int]:
    found = (book.neighbours.node_of(report_id) for report_id in report_ids)
    return {node for node in found if node is not None}


def _take_in(book: Casebook, detected: ReportDetected) -> set[int]:
    """The nodes whose groups it may have changed."""
    report_id = detected.report.report_id
    book.arrivals.setdefault(report_id, next(reversed(book.arrivals.values()), 0) + 1)
    book.by_article[detected.article_id].add(report_id)
    founded = _named_after(report_id)
    if founded in book.incidents:
        book.founders[founded] = report_id
    return book.neighbours.add(detected)


def _outdated(book: Casebook, article_id: str, version: int) -> set[str]:
    reports = book.neighbours.reports
    return {one for one in book.by_article.get(article_id, ()) if reports[one].article_version < version}


def _let_go(book: Casebook, removed: set[str]) -> set[int]:
    """The nodes whose groups that may have changed."""
    touched: set[int] = set()
    for report_id in removed:
        book.by_article[book.neighbours.reports[report_id].article_id].discard(report_id)
        book.founders.pop(_named_after(report_id), None)
        del book.arrivals[report_id]
        touched |= book.neighbours.remove(report_id)
    return touched


def _settle(book: Casebook, touched: set[int], changed: set[int], caused_by: str | None) -> tuple[IncidentChanged, ...]:
    """Gives every group of nodes its incident. `changed` are the nodes that reports came to or went from."""
    groups = book.neighbours.regroup(touched)
    nodes = changed.union(*groups)
    concerned = {book.homes[node] for node in nodes if node in book.homes}
    heirs = _heirs(book, groups, concerned)
    made: dict[str, Incident] = {}
    for group in groups:
        _name(book, group, heirs.pop(group, []), changed, made)
    for left in heirs.get((), []):
        made[left.incident_id] = _closed(left, status="withdrawn")
    for node in changed - book.neighbours.nodes.keys():
        book.homes.pop(node, None)
    return _write_down(book, made, caused_by)


def _heirs(book: Casebook, groups: Sequence[Group], concerned: set[str]) -> dict[Group, list[Incident]]:
    """Each group's incidents of before, first founded first; under () those that nothing is left of."""
    group_of = {node: group for group in groups for node in group}
    found: defaultdict[Group, list[Incident]] = defaultdict(list)
    for incident_id in sorted(concerned, key=book.foundings.__getitem__):
        leader = book.founders.get(incident_id) or _first_come(book, book.holdings[incident_id])
        node = book.neighbours.node_of(leader) if leader else None
        found[() if node is None else group_of[node]].append(book.incidents[incident_id])
    return found


def _first_come(book: Casebook, nodes: Iterable[int]) -> str | None:
    """The report that arrived first, of those still there."""
    held = book.neighbours.nodes
    reports = (one.report_id for node in nodes if node in held for one in held[node].ranked)
    return min(reports, key=book.arrivals.__getitem__, default=None)


def _name(book: Casebook, group: Group, heirs: list[Incident], changed: set[int], made: dict[str, Incident]) -> None:
    """Gives the group its incident; the others that meet in it redirect there."""
    if len(heirs) == 1 and book.holdings[heirs[0].incident_id] == set(group) and changed.isdisjoint(group):
        return
    incident_id = heirs[0].incident_id if heirs else _new_id(book, group)
    before, losers = book.incidents.get(incident_id), _with_theirs(book, heirs[1:])
    made[incident_id] = incident(
        incident_id,
        [book.neighbours.nodes[node] for node in group],
        _reasons(book, group),
        book.neighbours.rule,
        merged_from=(before.merged_from if before else ()) + tuple(one.incident_id for one in losers),
    )
    _settle_in(book, incident_id, group)
    for one in losers:
        made[one.incident_id] = _closed(one, status="merged", redirects_to=incident_id)


def _settle_in(book: Casebook, incident_id: str, group: Group) -> None:
    book.holdings[incident_id] = frozenset(group)
    book.homes.update(dict.fromkeys(group, incident_id))


def _reasons(book: Casebook, group: Group) -> dict[str, tuple[str, ...]]:
    """Of each report that can be shown; those that say the very same have them in common."""
    found: dict[str, tuple[str, ...]] = {}
    members, shown = frozenset(group), book.neighbours.rule.shown
    for node in group:
        for twins in book.neighbours.nodes[node].twins.values():
            why = book.neighbours.reasons(twins[0], members)
            found.update((one.report_id, why) for one in twins[: shown.same_reports + shown.links])
    return found


def _with_theirs(book: Casebook, losers: Sequence[Incident]) -> list[Incident]:
    """These and all that redirect to them: a redirect leads to its end in one step."""
    return [one for loser in losers for one in (loser, *(book.incidents[other] for other in loser.merged_from))]


def _new_id(book: Casebook, group: Group) -> str:
    """Named after the report that came first; an id that redirects is not given again."""
    founder = _first_come(book, group) or ""
    own = _named_after(founder)
    if _is_free(book.incidents.get(own)):
        book.founders[own] = founder
        return own
    names = (_named_after(founder, number) for number in count(1))
    return next(name for name in names if _is_free(book.incidents.get(name)))


def _is_free(holder: Incident | None) -> bool:
    return holder is None or holder.status == "withdrawn"


def _named_after(report_id: str, number: int = 0) -> str:
    return derived_id("incident", report_id, number) if number else derived_id("incident", report_id)


def _closed(old: Incident, **end: str) -> Incident:
    """Only who and why not: nothing of it may be counted twice."""
    kept = old.model_dump(include={"incident_id", "revision", "dyad", "side_a", "side_b", "border", "merged_from"})
    return Incident.model_validate(kept | end)


def _write_down(book: Casebook, made: dict[str, Incident], caused_by: str | None) -> tuple[IncidentChanged, ...]:
    """A revision for each incident that is not as it was."""
    messages = []
    for incident_id, new in made.items():
        old = book.incidents.get(incident_id)
        if old and new.model_copy(update={"revision": old.revision}) == old:
            continue
        revised = new.model_copy(update={"revision": old.revision + 1}) if old else new
        _file(book, revised)
        before = _without_claims(old) if old and revised.status == "active" else old
        messages.append(IncidentChanged(incident=revised, previous=before, caused_by=caused_by))
    return tuple(sorted(messages, key=lambda one: book.foundings[one.key]))


def _without_claims(old: Incident) -> Incident:
    """What the new revision says again in full need not be sent twice."""
    return old.model_copy(update={"claims": (), "links": (), "timeline": ()})


def _file(book: Casebook, one: Incident) -> None:
    book.incidents[one.incident_id] = one
    book.foundings.setdefault(one.incident_id, len(book.foundings))
    if one.status != "active":
        book.holdings.pop(one.incident_id, None)
