"""Reports in the compact form of `services/linker/examples/*.yml`, and links without a database."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.linker.link import Casebook, casebook, link
from services.linker.rule import RULE_FILE, Rule
from shared.datafile import load_yaml
from shared.schemas import ReportDetected
from shared.schemas.claims import Claim
from shared.schemas.ids import derived_id
from shared.schemas.incident import Incident
from shared.schemas.places import Place
from shared.schemas.report import Report, dyad_of
from shared.schemas.spans import Evidence

RULE = load_yaml(RULE_FILE, Rule)
KINDS = ("killed", "wounded", "captured", "missing")


def report(row: Mapping[str, Any]) -> ReportDetected:
    """A report from one `given` row; refuses keys it does not know."""
    row = dict(row)
    stem, index, version = str(row.pop("article")), row.pop("index", 0), row.pop("version", 1)
    side_a, side_b = sorted(row.pop("sides", ("AM", "AZ")))
    start, _, end = str(row.pop("dates", "")).partition("/")
    claims = tuple(_claim(claim, number) for number, claim in enumerate(row.pop("claims", ())))
    body = Report(
        report_id=derived_id(stem, "detector", index),
        side_a=side_a,
        side_b=side_b,
        dyad=dyad_of(side_a, side_b),
        border=row.pop("border", None),
        places=tuple(_place(place) for place in row.pop("places", ())),
        date_start=start or None,
        date_end=end or start or None,
        date_prec=row.pop("date_prec", 5 if not start or "X" in start else 2 if end else 1),
        after_year=row.pop("after_year", None),
        before_year=row.pop("before_year", None),
        weekdays=tuple(row.pop("weekdays", ())),
        days_old=row.pop("days_old", None),
        weapons=tuple(row.pop("weapons", ())),
        claims=claims,
        evidence=(evidence(row.pop("sentence", f"{side_a} and {side_b} clashed."), index * 1000),),
    )
    detected = ReportDetected(
        article_id=derived_id("article", stem),
        article_version=version,
        stem=stem,
        title=row.pop("title", None),
        published=row.pop("published", None),
        signature=str(row.pop("signature", derived_id(stem).replace("-", "")[:16])),
        report=body,
    )
    if row:
        raise ValueError(f"unknown keys {sorted(row)}")
    return detected


def evidence(text: str, start: int = 0) -> Evidence:
    return Evidence(start=start, end=start + len(text), text=text)


def _claim(row: Mapping[str, Any], number: int) -> Claim:
    """`{AZ: 3 killed, by: AZ, ...}`; `49+ killed` is at least 49, `..49 killed` at most."""
    row = dict(row)
    by, voice = row.pop("by", None), row.pop("voice", None)
    who, period, as_of = row.pop("who", "military"), row.pop("period", "unknown"), row.pop("as_of", None)
    (side, figure), *unknown = row.items()
    if unknown:
        raise ValueError(f"unknown keys {unknown}")
    number_text, kind = str(figure).split()
    best = int(number_text.strip("+."))
    at_most = number_text.startswith("..")
    return Claim(
        side=side,
        kind=kind,
        who=who,
        low=None if at_most else best,
        best=None if at_most else best,
        high=None if number_text.endswith("+") else best,
        period=period,
        as_of=as_of,
        claimed_by=voice or by,
        claimant_side=by,
        evidence=evidence(f"{side} {figure}, says {voice or by}.", number * 100),
    )


def _place(row: str | Mapping[str, Any]) -> Place:
    """`Jermuk@jermuk` (a town in a sector) or a mapping of Place's fields."""
    if not isinstance(row, str):
        return Place(**row)
    name, _, sector = row.partition("@")
    return Place(name=name, where_prec=1 if sector else 5, sector=sector, kind="town" if sector else "")


def linked(reports: Iterable[ReportDetected], rule: Rule = RULE) -> dict[str, Casebook]:
    """The casebook of each dyad of states after these reports, one by one."""
    books: dict[str, Casebook] = {}
    for one in reports:
        link(books.setdefault(one.key, casebook((), (), rule)), one)
    return books


def active(books: Mapping[str, Casebook]) -> list[Incident]:
    """All incidents that stand."""
    return [one for book in books.values() for one in book.incidents.values() if one.status == "active"]


def told(incidents: Iterable[Incident]) -> list[dict[str, Any]]:
    """What must not depend on the order: everything but ids, revisions and what merged."""
    shown = [one.model_dump(mode="json", exclude={"incident_id", "revision", "merged_from"}) for one in incidents]
    return sorted(shown, key=lambda one: one["links"][0]["report_id"])


def shuffles(reports: list[ReportDetected]) -> Iterator[tuple[ReportDetected, ...]]:
    """Every order."""
    return itertools.permutations(reports)
