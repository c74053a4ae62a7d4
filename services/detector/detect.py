"""Reads the border clashes out of a tagged article."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from services.detector.casualties import figures
from services.detector.claims import Parties, claims
from services.detector.fights import Scene, Setting, Side, participants, plausibility, scenes, setting_of, totals
from services.detector.lexicon import lexicon
from services.detector.lines import Line, read_lines
from services.detector.score import Pair, features, probability, weights
from services.detector.when import when
from services.detector.where import places
from shared.schemas import ArticleAnalyzed, ReportDetected
from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.claims import Claim
from shared.schemas.edtf import bounds
from shared.schemas.ids import derived_id
from shared.schemas.report import Background, Report, dyad_of
from shared.schemas.spans import Evidence

_EVIDENCE = 5
_SECONDARY = 0.6
_GROUP_SHARE = 0.4


def detect(article: ArticleTagged, now: datetime) -> tuple[ArticleAnalyzed, list[ReportDetected]]:
    """The enriched article and one report for each clash in it."""
    del now
    lines = read_lines(article, lexicon())
    setting = setting_of(article, _year(article))
    found = scenes(lines, setting)
    sides = _sides(found, setting)
    ranked = _ranked(found, sides, lines, setting, article)
    score = ranked[0][1] if ranked else 0.01
    is_clash = score >= weights()["threshold"]
    chosen = _chosen(ranked, found) if is_clash else []
    reports = tuple(_report(pair, rank == 0, found, lines, sides, article) for rank, pair in enumerate(chosen))
    analyzed = ArticleAnalyzed(
        **dict(article),
        is_clash=is_clash,
        score=round(score, 4),
        reports=reports,
        background=tuple(_background(lines, setting, article)),
    )
    return analyzed, [_detected(analyzed, report) for report in reports]


def _year(article: ArticleTagged) -> int | None:
    limits = bounds(article.published)
    return limits[0].year if limits else None


def _sides(found: Sequence[Scene], setting: Setting) -> dict[str, Side]:
    """Every side that takes part somewhere, by name; an actor's own form goes before a mere setting."""
    sides: dict[str, Side] = {}
    for scene in found:
        for participant in participants(scene.line, setting):
            known = sides.get(participant.side.name)
            if known is None or known.form == "place":
                sides[participant.side.name] = participant.side
    return sides


def _ranked(
    found: Sequence[Scene], sides: dict[str, Side], lines: Sequence[Line], setting: Setting, article: ArticleTagged
) -> list[tuple[Pair, float]]:
    """Pairs of sides with their probability, best first."""
    sums = totals(found)
    likely = sorted(sums, key=lambda pair: (-sums[pair], pair))[:6]
    result = []
    for pair in likely:
        if sums[pair] <= 0:
            continue
        one, other = sides[pair[0]], sides[pair[1]]
        sided = sum(claim.side != "total" for _, claim in _claims(pair, found, lines, sides, article))
        values = features(pair, found, lines, plausibility(one, other, setting.borders), sided)
        result.append((pair, probability(values), sums[pair]))
    result.sort(key=lambda row: (-row[1], -row[2], row[0]))
    return _specific([(pair, chance) for pair, chance, _ in result], sums, sides)


def _specific(
    ranked: list[tuple[Pair, float]], sums: Mapping[Pair, float], sides: dict[str, Side]
) -> list[tuple[Pair, float]]:
    """A force that sits in the other state goes before that state, where the text tells of it nearly as much."""
    if not ranked:
        return ranked
    first, chance = ranked[0]
    for pair, _ in ranked[1:]:
        shared = set(first) & set(pair)
        group = next(iter(set(pair) - shared), None)
        state = next(iter(set(first) - shared), None)
        if len(shared) == 1 and group and state and not sides[group].is_state and state in sides[group].homes:
            if sums[pair] >= _GROUP_SHARE * sums[first]:
                rest = [row for row in ranked if row[0] not in (pair, first)]
                return [(pair, chance), *rest]
    return ranked


def _chosen(ranked: Sequence[tuple[Pair, float]], found: Sequence[Scene]) -> list[Pair]:
    """The main pair, and others that fight in a strong sentence of their own, without sides of the main one."""
    main = ranked[0][0]
    chosen = [main]
    taken = set(main)
    for pair, _ in ranked[1:]:
        own = [s for s in found if s.pairs.get(pair, 0.0) >= _SECONDARY and s.real and not s.past]
        if own and not taken & set(pair):
            chosen.append(pair)
            taken |= set(pair)
    return chosen


def _event_scenes(pair: Pair, found: Sequence[Scene], homes: frozenset[str] = frozenset()) -> list[Scene]:
    """The scenes of the pair, the telling ones first: real and present, strong, early."""
    own = [s for s in found if s.told(pair) > 0.1 and s.real and not s.past]
    if not own:
        own = [s for s in found if s.told(pair) > 0.0]
    near = [s for s in found if s not in own and s.real and not s.past and s.named & (homes | set(pair)) and _is_alone(s)]
    own.sort(key=lambda s: (-round(min(s.told(pair), 0.5), 1), s.line.number))
    return own + near


def _is_alone(scene: Scene) -> bool:
    """Whether the scene shows no other pair fighting."""
    return max(scene.pairs.values(), default=0.0) < 0.2


def _claims(
    pair: Pair, found: Sequence[Scene], lines: Sequence[Line], sides: dict[str, Side], article: ArticleTagged
) -> Iterator[tuple[Line, Claim]]:
    past = {id(s.line) for s in found if s.past}
    current = [line for line in lines if id(line) not in past and not _looks_back(line, article)]
    yield from claims(current, article, Parties(sides[pair[0]], sides[pair[1]]), _year(article))


def _looks_back(line: Line, article: ArticleTagged) -> bool:
    from services.detector.fights import looks_back

    return looks_back(line, _year(article))


def _report(
    pair: Pair, is_primary: bool, found: Sequence[Scene], lines: Sequence[Line], sides: dict[str, Side], article: ArticleTagged
) -> Report:
    homes = sides[pair[0]].homes | sides[pair[1]].homes
    own = _event_scenes(pair, found, homes)
    told = list(_claims(pair, found, lines, sides, article))
    if not is_primary:
        numbers = {s.line.number for s in own}
        told = [(line, claim) for line, claim in told if line.number in numbers and claim.side != "total"]
    clear = {id(s.line): s.told(pair) for s in own}
    telling = [(s.line, clear[id(s.line)]) for s in own] + [(line, 0.0) for line, _ in told if id(line) not in clear]
    loss_days = frozenset(claim.as_of for _, claim in told if claim.as_of)
    days = when(telling, loss_days, lines, article.published)
    border = next((b.id for b in article.borders if set(b.id.split("-")) <= homes), None)
    return Report(
        report_id=derived_id(article.article_id, article.version, "report", dyad_of(*pair)),
        side_a=min(pair),
        side_b=max(pair),
        dyad=dyad_of(*pair),
        border=border,
        places=places([s.line for s in own] + [line for line, _ in told], lines, article, homes),
        date_start=days.start,
        date_end=days.end,
        date_prec=days.precision,
        after_year=days.after_year,
        before_year=days.before_year,
        weekdays=days.weekdays,
        claims=tuple(_distinct(claim for _, claim in told)),
        weapons=tuple(sorted({e.weapon for s in own for e in s.line.entries if e.weapon})),
        is_primary=is_primary,
        evidence=tuple(_evidence(s.line, article) for s in own[:_EVIDENCE]),
    )


def _distinct(told: Iterator[Claim]) -> Iterator[Claim]:
    """Each figure once a claimant."""
    seen = set()
    for claim in told:
        key = (claim.side, claim.kind, claim.who, claim.low, claim.best, claim.high, claim.claimed_by, claim.as_of)
        if key not in seen:
            seen.add(key)
            yield claim


def _evidence(line: Line, article: ArticleTagged) -> Evidence:
    return Evidence(start=line.start, end=line.end, text=article.body[line.start : line.end])


def _background(lines: Sequence[Line], setting: Setting, article: ArticleTagged) -> Iterator[Background]:
    """Sentences that look back and tell of losses or fights."""
    from services.detector.fights import looks_back

    for line in lines:
        if looks_back(line, setting.year) and (figures(line) or any(e.fight for e in line.entries)):
            yield Background(start=line.start, end=line.end, text=article.body[line.start : line.end])


def _detected(article: ArticleAnalyzed, report: Report) -> ReportDetected:
    return ReportDetected(
        article_id=article.article_id,
        article_version=article.version,
        stem=article.stem,
        title=article.title,
        source=article.source,
        published=article.published,
        signature=article.signature,
        report=report,
    )
