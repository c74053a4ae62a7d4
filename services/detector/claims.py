"""Claims from figures: whose loss, who says so, for which day, with the sentence."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise

from services.detector.case import Case
from services.detector.claimants import Told, claimant_of
from services.detector.days import days
from services.detector.figure import Figure
from services.detector.lines import Line
from services.detector.losers import loser
from services.detector.parties import Parties
from services.detector.past import compares, is_old
from services.detector.sequel import kind_of
from services.detector.soil import ground_of
from services.detector.words import words
from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.claims import Claim
from shared.schemas.edtf import day_of
from shared.schemas.spans import Evidence


def claims(
    lines: Sequence[Line],
    figures: Callable[[Line], Sequence[Figure]],
    near: frozenset[int],
    article: ArticleTagged,
    parties: Parties,
) -> Iterator[tuple[Line, Claim]]:
    """Claims of the lines, in order, from the figures found in each; what a sentence tells of other wars is left out.

    `near` are the numbers of the lines at or shortly behind one that tells of the fight.
    """
    today = day_of(article.published)
    told, passed = Told(home=_written_in(article, parties)), list[Line]()
    for before, line in pairwise((None, *lines)):
        assert line is not None
        found = [
            figure
            for figure in figures(line)
            if _is_of_the_fight(line, figure, before, parties) and not _is_dated_before(line, figure, today)
        ]
        if not found:
            passed.append(line)  # who spoke in it is asked only where losses follow
            continue
        for silent in passed:
            _listen(told, silent, article.body)
            _remember(told, silent, parties)
        passed.clear()
        _listen(told, line, article.body)
        for figure in found:
            claim = _claim(
                figure, line, article, parties, told, line.number in near or line.number - told.side_line <= 3
            )
            if claim and figure.best and _is_of_each(figure, line):
                for side in (parties.one.name, parties.other.name):
                    yield line, claim.model_copy(update={"side": side})
            elif claim:
                yield line, claim
                if claim.side != "total":
                    told.several = told.side_line == line.number and (told.several or told.side != claim.side)
                    told.side, told.side_line, told.pronoun = claim.side, line.number, figure.pronoun
        _remember(told, line, parties)


def _written_in(article: ArticleTagged, parties: Parties) -> str | None:
    """The one of the two whose state the dateline lies in."""
    states = [m.place.country for m in article.mentions if m.form == "dateline" and m.place]
    return next((parties.on_ground(state) for state in states), None)


def _is_of_the_fight(line: Line, figure: Figure, before: Line | None, parties: Parties) -> bool:
    """Not of another war, an accident, militants' attacks beside it, or of what the sentence left out before told."""
    if not _DENYING.isdisjoint(line.words[max(0, figure.at - 3) : figure.at]):
        return False  # "denied that ten of its men were in Chinese hands"
    if _is_counted_before(line, figure):
        return False
    if is_of_another_event(line, figure) or (parties.group is None and _is_by_irregulars(line, figure)):
        return False
    if figure.kind == "captured" and figure.who != "military" and not _ARRESTED.isdisjoint(line.words):
        return False  # "police rounded up 150 Moroccan nationals"
    if figure.kind == "captured" and line.words[max(0, figure.at - 1)] == "the" and not figure.prisoners:
        return False  # "the 10 captured this week": of whom the reader knows
    return not _is_of_that(line, figure) or (before is not None and before.number == line.number - 1)


def _is_dated_before(line: Line, figure: Figure, today: date | None) -> bool:
    """`about 50 died in a round of clashes there this March`: of an earlier day, whatever else the sentence names."""
    if line.number <= _LEAD or today is None or compares(line):
        return False
    told = max(figure.predicate, figure.end)
    day = next(((at, day) for at, day in line.dates if at > told), None)
    if day is None or not re.fullmatch(r"[^.;,SK&]{0,12}", line.symbols[told + 1 : day[0]]):
        return False
    return is_old(day[1], today)


def _is_counted_before(line: Line, figure: Figure) -> bool:
    """`Among the dead were two children`, `three of the dead were women`: some of those just told of."""
    if figure.side_at >= 0 or not _OF_THE_DEAD.search(line.symbols):
        return False
    return not _SOME.isdisjoint(line.words[figure.at : figure.end + 3])


def _is_of_each(figure: Figure, line: Line) -> bool:
    """`one soldier was killed on each side`, `each side lost two`: so many of each."""
    if line.words[figure.end : figure.end + 1] == ["each"] and not _BOTH.isdisjoint(line.words[: figure.at]):
        return True  # "the two armies lost 34 men each"
    pairs = list(zip(line.words, line.words[1:], strict=False))
    around = pairs[max(0, figure.at - 4) : max(figure.end, figure.predicate) + 4]
    return any(first in ("each", "either") and second in _PARTIES for first, second in around)


def _is_of_that(line: Line, figure: Figure) -> bool:
    """`killed in that assault`: the one the sentence before tells of."""
    return line.words[figure.predicate + 1 : figure.predicate + 3] in (["in", "that"], ["in", "those"])


def _is_by_irregulars(line: Line, figure: Figure) -> bool:
    """`killed in an attack by militants`, of a fight of two states: not its losses."""
    match = _BY_FIGHTERS.match(line.symbols, figure.predicate + 1)
    return match is not None and line.words[match.start("who")] in _IRREGULARS


def _is_of_fighters(figure: Figure) -> bool:
    """`six of them`, `eight prisoners`: neither people nor a named state's."""
    return figure.who != "unspecified" and figure.side_at < 0


def _listen(told: Told, line: Line, body: str) -> None:
    speaker = claimant_of(line, len(line), body, told)
    told.speaker = speaker if speaker.words else told.speaker


def _remember(told: Told, line: Line, parties: Parties) -> None:
    told.previous = line
    told.ground = ground_of(line, None, parties) or told.ground
    for at, actor in line.actors:
        troops = _TROOPS.match(line.symbols, at)
        if troops and parties.knows(actor.ref):
            told.kinds.setdefault(kind_of(line.words[troops.end() - 1]), set()).add(actor.ref)


def distinct(told: Sequence[Claim]) -> list[Claim]:
    """Each figure once a claimant: what says no more than another claim of the same figure is left out."""
    alike: dict[tuple[object, ...], list[Claim]] = {}
    for claim in told:
        figure = (claim.kind, claim.low, claim.best, claim.high)
        kept = alike.setdefault(figure, [])
        if not any(_adds_nothing(claim, other) for other in kept):
            kept[:] = [*(other for other in kept if not _adds_nothing(other, claim)), claim]
    left = {id(claim) for kept in alike.values() for claim in kept}
    return [claim for claim in told if id(claim) in left]


def _adds_nothing(claim: Claim, other: Claim) -> bool:
    """Whether `other` tells the same figure of the same people, and by whom or of whom more clearly."""
    vague = (("side", "total"), ("who", "unspecified"), ("claimed_by", None), ("as_of", None), ("period", "unknown"))
    return all(getattr(claim, name) in (getattr(other, name), nothing) for name, nothing in vague)


_WARS = words("claims.wars")
_IRREGULARS = words("people.groups")
_WHEN = words("claims.when")
_OF_THE_DEAD = re.compile(r"[<o]a[dW]|ad[xv]N")
_SOME = words("claims.some")
_BY_FIGHTERS = re.compile(r"[iaxD]{0,7}b[axr]{0,2}(?P<who>m)(?![JA])")
_BOTH = frozenset(("two", "both"))
_PARTIES = words("claims.parties")
_ACCIDENTS = words("claims.accidents")
_MINES = frozenset(("mine", "landmine", "land mine", "booby trap", "mines", "landmines"))
_CAUSES = words("days.causes")
_ARRESTED = words("claims.arrested")
_MANY, _CROWD = 300, 100_000  # dead, and driven from their homes: no fight at a border had both
_DISPLACED = words("claims.displaced")
_LEAD = 2  # the first sentences tell late news, too
_DENYING = frozenset(("denied", "denies"))
_EARLIER = words("claims.earlier")
_TROOPS = re.compile(r"[JA](?:&[JA])?m")  # "Thai marines", "Kyrgyz and Tajik guards"
_TIME_SPANS = words("claims.spans")
_WAR_TALLY = 1000
_WHOLE_WAR = 20_000  # dead of nobody in particular
_WAR_DEAD = 100
_WAR_REACH = 10  # items before the word of loss


def is_of_another_event(line: Line, figure: Figure) -> bool:
    """`since the 2006 war, in which 160 died`, `a conflict that has killed 2,000`: losses of a war, an
    accident or a crowd of refugees' flight, not of this event."""
    if line.words[:1] == ["elsewhere"] or _is_of_earlier(line, figure):
        return True
    if (figure.low or 0) >= _WHOLE_WAR and figure.side_at < 0 and figure.pronoun < 0:
        return True  # "60,000 people were killed in fighting between militias"
    if (figure.low or 0) >= _WAR_TALLY and line.words[:2] == ["as", "of"]:
        return True  # "As of June 13, defenders have eliminated 32,300 troops"
    if _is_of_an_accident(line, figure) or ((figure.low or 0) >= _MANY and _drove_out_many(line)):
        return True
    if (at_once := _is_before_this(line, figure)) is not None:
        return at_once
    if (figure.low or 0) >= _WAR_DEAD and _is_of_a_war(line, figure.at):
        return True
    if not _WARS.isdisjoint(line.words[max(0, figure.predicate - _WAR_REACH) : figure.predicate]):
        return line.symbols[figure.predicate] in "kKQ" and figure.predicate < figure.at
    tail = line.words[figure.at :]
    if "since" in tail and not compares(line):
        behind = line.mentions[figure.at + tail.index("since") + 1 :][:4]
        return any(m and m.kind == "date" and m.form in ("month", "year") for m in behind)
    return False


def _is_of_an_accident(line: Line, figure: Figure) -> bool:
    """`killed when a bus plunged`, `a mine wounded three soldiers`."""
    by_mine = not _MINES.isdisjoint(line.words[max(0, figure.predicate - 2) : figure.predicate]) and figure.agent < 0
    return by_mine or not _ACCIDENTS.isdisjoint(line.words[figure.predicate + 1 : figure.predicate + 5])


def _is_before_this(line: Line, figure: Figure) -> bool | None:
    """`a clash in 2008 had cost three lives, this time 13 died`, `since the war of 2006, in which 160 died`; not `the
    worst since 2006, with ten dead`. None where neither is said."""
    if ("this", "time") in pairwise(line.words[figure.at :]):
        return True
    head = line.words[: figure.at]
    if "since" not in head[1:] or not _year_between(line, head.index("since"), figure.at):
        return None
    return not compares(line) or not _WHEN.isdisjoint(head[head.index("since") :])


def _is_of_earlier(line: Line, figure: Figure) -> bool:
    """`revenge for the air strike in which six of its fighters died in Syria earlier this month`, `came two weeks after
    40 soldiers were killed`."""
    before = range(max(1, figure.at - 4), figure.at)
    if any(line.words[at] == "after" and line.words[at - 1] in _TIME_SPANS for at in before):
        return True
    if figure.at and line.words[figure.at - 1] == "since":
        return True  # "the worst incident since seven soldiers were killed in February"
    if _is_avenged(line, figure.at):
        return True
    after = next((at for at, day in line.dates if day.form == "after" and at < figure.at), 0)
    if "S" not in line.symbols[after : figure.at] and any(entry.fight for entry in line.entries[:after]):
        return True  # "shelled a village two days after a patrol killed three soldiers"
    if any(line.words[day - 1] == "before" for day, named in line.dates if named.form == "weekday" and day > figure.at):
        return True  # "five people had been killed before Tuesday"
    clause = re.match(r"[^.;,&S]{0,7}", line.symbols[figure.predicate + 1 :])
    behind = line.words[figure.predicate + 1 :][: clause.end() if clause else 0]
    return figure.predicate > figure.at and not _EARLIER.isdisjoint(behind)


def _is_avenged(line: Line, at: int) -> bool:
    """`bombed a base in revenge for Sunday's shelling in which five died`: those of before."""
    causes = (i for i in range(1, at) if line.words[i] in _CAUSES and line.words[i + 1] in ("for", "to"))
    return any(entry.fight for i in causes for entry in line.entries[:i])


def _is_of_a_war(line: Line, at: int) -> bool:
    """`the long war with the separatists of Donetsk, in which over 10,000 people have died`."""
    which = next((i for i in range(at - 1, max(-1, at - 4), -1) if line.words[i] == "which"), 0)
    before = " ".join(line.words[max(0, which - _WAR_REACH) : which])  # "war of" is one item
    return not _WARS.isdisjoint(before.split())


def _drove_out_many(line: Line) -> bool:
    """`More than 500 were killed and 300,000 displaced`: the tally of a war."""
    crowd = any(m.kind == "number" and (m.low or 0) >= _CROWD for _, m in line.named)
    return crowd and not _DISPLACED.isdisjoint(line.words)


def _year_between(line: Line, start: int, end: int) -> bool:
    return any(
        m is not None and m.kind == "date" and m.form in ("year", "month", "day") for m in line.mentions[start:end]
    )


def _claim(
    figure: Figure, line: Line, article: ArticleTagged, parties: Parties, told: Told, near: bool
) -> Claim | None:
    claimant = claimant_of(line, figure.at, article.body, told)
    side = loser(Case(figure, line, parties, claimant, told), near)
    if side is None:
        return None
    if figure.who == "civilian":
        side = parties.people_of(side)
    elif _is_of_fighters(figure) and side not in (claimant.side, ground_of(line, figure, parties)):
        side = parties.force_of(side)
    low, best, high = (None, None, None) if figure.vague else (figure.low, figure.best, figure.high)
    if figure.mixed and best:
        low, best, high = None, None, best
    day = _as_of(figure, line, article.published)
    return Claim(
        side=side,
        kind=figure.kind,
        who=figure.who or "unspecified",
        low=low,
        best=best,
        high=high,
        period="daily" if day else "cumulative" if "since" in line.words else "unknown",
        as_of=day,
        claimed_by=claimant.words,
        claimant_side=claimant.side,
        evidence=Evidence(start=line.start, end=line.end, text=article.body[line.start : line.end]),
    )


def _as_of(figure: Figure, line: Line, published: str | None) -> str | None:
    """The calendar day written right behind the figure: `killed on July 12 and one on July 13`."""
    for day in days(line, published):
        if day.edtf and figure.at < day.at <= figure.at + 12 and line.symbols[figure.at + 1 : day.at].count("N") == 0:
            return None if day.spoken else day.edtf.partition("/")[0]
    return None
