"""Reads the border clashes out of a tagged article."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.detector.claims import distinct
from services.detector.days import written_on
from services.detector.doubts import doubts
from services.detector.fights import Side, plausibility
from services.detector.lines import Line
from services.detector.reading import Pair, Reading, read
from services.detector.score import features, probability
from services.detector.weights import weights
from services.detector.when import when
from services.detector.where import places
from shared.schemas import ArticleAnalyzed, ReportDetected
from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.ids import derived_id
from shared.schemas.places import Place
from shared.schemas.report import Background, Report, dyad_of
from shared.schemas.spans import Evidence

_EVIDENCE = 5  # sentences a report shows
_LIKELY = 3  # pairs that are scored
_SECONDARY = 0.6  # strength of the sentence that makes a second clash of an article
_GROUP_SHARE = 0.4  # how much of the state's telling a force in that state needs to be the side itself
_SHOWN = 0.15  # how clearly a pair has to be shown fighting before its losses are worth reading
_ENOUGH = 3  # losses told of a side that say all that losses can say
_NO_PAIR = 0.01  # score of an article in which nobody fights


def detect(article: ArticleTagged, now: datetime) -> tuple[ArticleAnalyzed, list[ReportDetected]]:
    """The enriched article and one report for each clash in it."""
    del now
    reading = read(article)
    ranked = _ranked(reading)
    score = ranked[0][1] if ranked else _NO_PAIR
    is_clash = score >= weights()["threshold"]
    chosen = _chosen(ranked, reading) if is_clash else []
    reports = tuple(_report(pair, pair == chosen[0], reading) for pair in chosen)
    found = tuple(doubts(reading, reports)) if is_clash else ()
    analyzed = ArticleAnalyzed(
        **dict(article) | {"flags": (*article.flags, *(doubt.flag for doubt in found))},
        is_clash=is_clash,
        score=round(score, 4),
        reports=reports,
        doubts=found,
        background=tuple(Background(**dict(_evidence(line, article))) for line in reading.background()),
    )
    return analyzed, [_detected(analyzed, report) for report in analyzed.reports]


def _ranked(reading: Reading) -> list[tuple[Pair, float]]:
    """Pairs of sides with their probability, best first."""
    sums = reading.candidates()
    likely = sorted(sums, key=lambda pair: (-sums[pair], pair))[:_LIKELY]
    scored = [(pair, probability(_features(pair, reading))) for pair in likely]
    scored.sort(key=lambda row: (-row[1], -sums[row[0]], row[0]))
    return _specific(scored, sums, reading.sides)


def _features(pair: Pair, reading: Reading) -> dict[str, float]:
    """To read losses takes a sixth of the time of an article: where they cannot make it a clash, they are not read."""
    within = frozenset().union(*(s.within for s in reading.scenes if s.real and not s.past and s.told(pair)))
    likely = plausibility(reading.sides[pair[0]], reading.sides[pair[1]], reading.setting.borders, within)
    found = features(pair, reading.scenes, reading.lines, likely, reading.others, reading.setting.named, reading.arms)
    sided = _sided_claims(pair, reading) if probability(found) >= weights()["threshold"] else 0
    return found | {"claims": found["claims"] * min(1.0, sided / _ENOUGH)}


def _sided_claims(pair: Pair, reading: Reading) -> int:
    """How many losses one of the two has."""
    shown = sum(scene.pairs.get(pair, 0.0) for scene in reading.scenes) or _SHOWN
    return sum(claim.side != "total" for _, claim in reading.claims(pair)) if shown >= _SHOWN else 0


def _specific(
    ranked: list[tuple[Pair, float]], sums: Mapping[Pair, float], sides: Mapping[str, Side]
) -> list[tuple[Pair, float]]:
    """A force that sits in the other state goes before that state, where the text tells of it nearly as much."""
    if not ranked:
        return ranked
    first, chance = ranked[0]
    for pair, _ in ranked[1:]:
        if _is_force_of(pair, first, sides) and sums[pair] >= _GROUP_SHARE * sums[first]:
            return [(pair, chance), *(row for row in ranked if row[0] not in (pair, first))]
    return ranked


def _is_force_of(pair: Pair, states: Pair, sides: Mapping[str, Side]) -> bool:
    """Whether `pair` is `states` with one state replaced by a force that sits in it."""
    shared = set(states) & set(pair)
    if len(shared) != 1:
        return False
    (group,), (state,) = set(pair) - shared, set(states) - shared
    return not sides[group].is_state and state in sides[group].homes


def _chosen(ranked: Sequence[tuple[Pair, float]], reading: Reading) -> list[Pair]:
    """The main pair, and others that fight in a strong sentence of their own, without sides of the main one."""
    chosen = [ranked[0][0]]
    taken = set(chosen[0])
    for pair, _ in ranked[1:]:
        own = any(s.pairs.get(pair, 0.0) >= _SECONDARY and s.real and not s.past for s in reading.scenes)
        if own and not taken & set(pair):
            chosen.append(pair)
            taken |= set(pair)
    return chosen


def _report(pair: Pair, is_primary: bool, reading: Reading) -> Report:
    article, homes = reading.article, reading.homes(pair)
    own = reading.event_scenes(pair)
    clear = {scene.line.number: scene.told(pair) for scene in own}
    told = reading.claims(pair)
    if not is_primary:
        told = [(line, claim) for line, claim in told if line.number in clear and claim.side != "total"]
    lines = [scene.line for scene in own]
    telling = lines + [line for line, _ in told if line.number not in clear]
    days = when(
        [(line, clear.get(line.number, 0.0)) for line in telling],
        frozenset(claim.as_of for _, claim in told if claim.as_of),
        reading.lines,
        reading.past,
        written_on(reading.lines, article.published),
    )
    where = places(telling, reading.lines, article, homes)
    return Report(
        report_id=derived_id(article.article_id, "report", dyad_of(*pair)),
        side_a=min(pair),
        side_b=max(pair),
        dyad=dyad_of(*pair),
        border=_border(article, homes, where),
        places=where,
        date_start=days.start,
        date_end=days.end,
        date_prec=days.precision,
        after_year=days.after_year,
        before_year=days.before_year,
        weekdays=days.weekdays,
        days_old=days.days_old,
        claims=tuple(distinct([claim for _, claim in told])),
        weapons=tuple(sorted({entry.weapon for line in lines for entry in line.entries if entry.weapon})),
        is_primary=is_primary,
        evidence=tuple(_evidence(line, article) for line in _shown(lines, telling, where, article)),
    )


def _border(article: ArticleTagged, homes: frozenset[str], where: Sequence[Place]) -> str | None:
    """Of a force that sits in two neighbours of the state it fights the border that most of the places are at."""
    borders = [border.id for border in article.borders if set(border.id.split("-")) <= homes]
    return max(borders, key=lambda border: sum(_is_at(place, border) for place in where), default=None)


def _is_at(place: Place, border: str) -> bool:
    return border in place.borders or not set(border.split("-")).isdisjoint(place.country.split("|"))


def _shown(
    lines: Sequence[Line], telling: Sequence[Line], where: Iterable[Place], article: ArticleTagged
) -> list[Line]:
    """The most telling sentence, then the first to name each of the places, then the next most telling."""
    shown = list(lines[:1])
    for place in where:
        naming = [line for line in telling if place.name in " ".join(article.body[line.start : line.end].split())]
        if not any(line in naming for line in shown):
            shown += naming[:1]
    return [*shown, *(line for line in lines if line not in shown)][:_EVIDENCE]


def _evidence(line: Line, article: ArticleTagged) -> Evidence:
    return Evidence(start=line.start, end=line.end, text=article.body[line.start : line.end])


def _detected(article: ArticleAnalyzed, report: Report) -> ReportDetected:
    return ReportDetected(
        article_id=article.article_id,
        article_version=article.version,
        stem=article.stem,
        path=article.path,
        title=article.title,
        source=article.source,
        published=article.published,
        signature=article.signature,
        report=report,
        dyads=tuple(one.states for one in article.reports),
        replaces=article.replaces,
    )
