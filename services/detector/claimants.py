"""Who says it: the words for the claimant, and the side if the claimant is of one."""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import partial

from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import Mention

_ANAPHORS = words("claimants.anaphors")
_MEDIA = words("claimants.media")
_HEADING = 7  # items
_CONJUNCTIONS = words("claimants.conjunctions")
_ADVERBS = words("claimants.adverbs")
_ACCUSING = words("fights.accusing")
_RANKS = words("claimants.ranks")
_NAME = 11  # items of a speaker's name with rank and office
_HIMSELF = frozenset(("it", "he", "she", "they"))
_JOINTS = words("claimants.joints")
_RELATIVES = words("claimants.relatives")
_SPEAKERS = words("claimants.speakers")
_FIRST_PERSON = words("claimants.first_person")
_QUOTED = words("claimants.quoted")
_WHO = (["who"], ["which"])
_OWNERS = ("its", "their")
_NOUNS = frozenset(("report", "reports"))
_PASSIVE = words("claimants.passive")
_BOTH = words("claimants.both")
# `KIGALI - The army`, `March 25 - The high command`, `a checkpoint that Pakistan`: what stands before who says it.
_BEFORE_NAME = re.compile(
    r"\A(?:[A-Z][A-Z ,./]+|[A-Z][a-z]+\.? \d{1,2}(?:, \d{4})?)(?: \([A-Z][\w /-]+\))? (?:-|–|—|--|_) "
    r"|\b(?:that|which) (?=[A-Z])"
)
_INVERTED = words("claimants.inverted")
_NAMES = 9  # items of a name with its office
_NATIONAL = words("claimants.national")
_TITLES = words("claimants.titles")


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who says it: the words, and the side if it is one."""

    words: str | None = None
    side: str | None = None


@dataclass(slots=True)
class Told:
    """What the sentences before have set up: who spoke, whose losses (`pronoun` is the item that told so, `several`
    whether both sides' were told there), on whose ground; `home` is the state the article was written in; `kinds` are
    the sides whose troops were called by each noun (`Thai marines`)."""

    speaker: Claimant = Claimant()
    previous: Line | None = None
    side: str | None = None
    side_line: int = -9
    pronoun: int = -1
    several: bool = False
    ground: str | None = None
    speakers: dict[str, str] = field(default_factory=dict)
    home: str | None = None
    kinds: dict[str, set[str]] = field(default_factory=dict)


def claimant_of(line: Line, at: int, body: str, told: Told) -> Claimant:
    """Who says what stands at item `at`: the nearest verb of saying before it, else the first behind it.

    A statement or "it" goes on with the claimant of the sentence before; a surname with whoever bore it first.
    """
    if "S" not in line.symbols:
        return _heading(line, at, body)
    verbs = [index for index, symbol in enumerate(line.symbols) if symbol == "S" and not _is_passive(line, index)]
    verbs.sort(key=lambda index: (index > at, abs(index - at)))
    for index in map(partial(_main_verb, line), verbs):
        named_behind = _is_source(line, index) or _is_inverted(line, index)
        words, start, stop = (_after if named_behind else _before)(line, _speaks_first(line, index), body)
        if not words and _has_aside(line, index):
            words, start, stop = _slice(line, 0, 1, body), 0, 1
        if words and words.lower().split()[0] in _CONJUNCTIONS:  # "while an officer said"
            start, words = start + 1, _slice(line, start + 1, stop, body)
        if not words or words.lower() in _FIRST_PERSON:
            continue
        if words.lower() in _HIMSELF and min(verbs) < index and not told.speaker.words:
            continue  # "a hospital said it had admitted ten": whoever spoke first
        side = _speaker_side(line, start, stop)
        if any(phrase in words.lower() for phrase in _BOTH) or _are_both(line, start, stop):
            side = "both"
        side = side or _owner_of_office(words, told)
        if side is None and told.speaker.words and _goes_on(words.lower().split(), told.speaker.words):
            return _titled(words, told) or told.speaker
        known = _remembered(words, side, told.speakers) or _same_office(words, told.speaker)
        return Claimant(words, known or _at_home(words, told))
    return Claimant()


def _heading(line: Line, at: int, body: str) -> Claimant:
    """`Radio Mali: 20 enemy soldiers killed`."""
    colon = line.words.index(":") if ":" in line.words[:_HEADING] else 0
    if not 0 < colon < at or _MEDIA.isdisjoint(line.words[:colon]):
        return Claimant()
    return Claimant(_slice(line, 0, colon, body), _speaker_side(line, 0, colon))


def _main_verb(line: Line, verb: int) -> int:
    """`quoted` of `officials were quoted as saying`, else the verb itself."""
    quoted = line.words[max(0, verb - 2) : verb] == ["quoted", "as"] and line.words[verb - 3] in _PASSIVE
    return verb - 2 if quoted else verb


def _is_source(line: Line, verb: int) -> bool:
    """`according to Baku`, `quoted a colonel`; not `were quoted as saying`."""
    passive = line.words[verb] == "quoted" and line.words[verb - 1] in _PASSIVE
    return line.words[verb] in ("according to", "citing", "cited", "quoted") and not passive


def _speaks_first(line: Line, verb: int) -> int:
    """`Nicaragua accused Honduras of shelling its posts, saying`: who accuses says so."""
    accusing = (i for i in range(1, verb) if line.words[i] in _ACCUSING)
    return next(accusing, verb) if line.words[verb] in ("saying", "adding") else verb


def _owner_of_office(words: str, told: Told) -> str | None:
    """`Its army said` behind `Rwanda's version is different`: of the only side that sentence names."""
    if words.split()[0].lower() not in _OWNERS or told.previous is None:
        return None
    named = {mention.ref for _, mention in told.previous.actors}
    return named.pop() if len(named) == 1 and "S" not in told.previous.symbols else None


def _at_home(words: str, told: Told) -> str | None:
    """`KIGALI - ..., the army said`: of no other state than the one it was written in."""
    named = words.lower().split()
    official = named[-1] in _NATIONAL or not _NATIONAL.isdisjoint(named[1:2])
    return told.home if official and words.lower().startswith(("the ", "a ", "an ", "our ")) else None


def _is_inverted(line: Line, verb: int) -> bool:
    """`..., said hospital official Wasim Baig.`: who says it stands behind."""
    stop = next((i for i in range(verb + 1, len(line)) if line.symbols[i] in ",.;q"), len(line))
    behind = line.symbols[verb + 1 : stop]
    if line.words[verb] not in _INVERTED:
        return False
    return line.symbols[verb - 1 : verb] in (",", "q") and 0 < len(behind) <= _NAMES and not set(behind) & set("vSNiDK")


def _is_passive(line: Line, verb: int) -> bool:
    """`no deaths were reported`, `with reports of forty dead`: nobody is named who says it."""
    if line.words[verb - 1 : verb] in _WHO:
        return True  # "two who reported to the surgeon"
    if line.words[verb] in _NOUNS and (
        line.words[verb - 1 : verb] == ["with"]
        or line.symbols[verb - 1 : verb] == "a"
        or line.symbols[verb + 1 : verb + 2] == "o"
    ):
        return True
    return line.words[max(0, verb - 1)] in _PASSIVE


def _are_both(line: Line, start: int, stop: int) -> bool:
    """`the ministries in Baku and Yerevan`, `Thai and Cambodian officials`."""
    for index in range(max(2, start), stop):
        if line.symbols[index - 1] == "&":
            codes = {_state(line.mentions[index]), _state(line.mentions[index - 2])} - {None}
            if len(codes) == 2:
                return True
    return False


def _state(mention: Mention | None) -> str | None:
    """The side of an actor, or the state a place lies in."""
    if mention is None:
        return None
    return mention.ref if mention.kind == "actor" else mention.place.country if mention.place else None


def _has_aside(line: Line, verb: int) -> bool:
    """`Islamabad, which speaks of "unprovoked fire", concedes two dead`: who says it stands at the beginning."""
    return line.symbols[:2] in ("A,", "J,") and verb > 3 and line.words[2] in _CONJUNCTIONS


def _goes_on(words: list[str], speaker: str) -> bool:
    """`it`, `the ministry` after "the defence ministry", `the statement`: the speaker of the sentence before."""
    if words[0] != "the":
        return words[0] in _ANAPHORS
    told = speaker.lower().split()
    other = len(words) > 2 and words[1] in _NATIONAL and words[1] not in told  # "the police spokesman" behind a radio
    return (words[-1] in _SPEAKERS and not other) or words[-1] in told


def _speaker_side(line: Line, start: int, stop: int) -> str | None:
    """The side of a claimant: an actor in the words, or where the official sits ("the governor of Nimroz")."""
    inside = [m for m in line.mentions[start:stop] if m is not None]
    actor = next((m.ref for m in inside if m.kind == "actor" and m.form != "place"), None)
    place = next((m.place for m in inside if m.kind == "place" and m.place), None)
    if not inside and (side := _side_at_the_beginning(line, start)):
        return side
    agency = next((m.sits_in[0] for m in inside if m.kind == "agency" and m.sits_in), None)
    return actor or agency or (place.country if place and len(place.country) == 2 else None)


def _side_at_the_beginning(line: Line, start: int) -> str | None:
    """`In Kigali, the army said`, `Islamabad, which speaks of ..., concedes`, `Israeli troops killed 30 of them, the
    army chief said`: of a speaker without a name of its own, whose words begin at `start`."""
    first = line.mentions[1] if line.symbols[:3] == "iP," and line.words[0] == "in" else None
    if first is not None and first.place and len(first.place.country) == 2:
        return first.place.country
    definite = line.words[start : start + 1] == ["the"]
    named = line.symbols[:1] in ("A", "J") and (definite or line.symbols[1:2] == ",")
    return line.actors[0][1].ref if named else None


def _titled(words: str, told: Told) -> Claimant | None:
    """`the general` behind a spokesman's words is the general who was named before."""
    title = words.lower().split()[-1]
    spoke = (told.speaker.words or "").lower().split()
    side = told.speakers.get(title) if title in _TITLES and title not in spoke else None
    return Claimant(words, side) if side and words.lower().startswith("the ") else None


def _same_office(words: str, last: Claimant) -> str | None:
    """`General Urteaga told reporters` behind "Peru's army": an officer or official of no named side speaks for whoever
    spoke before."""
    named = {word.lower() for word in words.split()[:4]}
    is_name = words.split()[-1][:1].isupper()
    return last.side if is_name and last.side != "both" and not _TITLES.isdisjoint(named) else None


def _remembered(words: str, side: str | None, speakers: dict[str, str]) -> str | None:
    """Learns whose speaker a name is ("Ukrainian spokesman Andriy Lysenko") and knows it by the surname later; `the
    army` is the one named last."""
    if side and side != "both":
        speakers.update(dict.fromkeys(_TITLES.intersection(words.lower().split()), side))
    surname = words.split()[-1]
    if side:
        speakers[surname] = side  # "the Israeli army", later "the army"
        return side
    return speakers.get(surname) if surname[:1].isupper() or words.lower().startswith("the ") else None


def _after(line: Line, at: int, body: str) -> tuple[str, int, int]:
    stop = at + 1
    while stop < len(line) and line.symbols[stop] not in ".;," and stop - at < 10:
        stop += 1
    return _slice(line, at + 1, stop, body), at + 1, stop


def _before(line: Line, at: int, body: str) -> tuple[str, int, int]:
    verb = at
    if (aside := _aside(line, at)) >= 0:
        at = aside
    start = at
    while start and (line.symbols[start - 1] not in ".;q&S" or _is_rank(line, start - 1)) and at - start < _NAME:
        start -= 1
    comma = line.symbols.rfind(",", start, at)
    if comma >= 0 and at - comma > 1 and any(s in "AJGYPmxhc" for s in line.symbols[comma + 1 : at]):
        start = comma + 1
    start = next((i + 1 for i in range(at - 2, start, -1) if line.words[i] in _JOINTS), start)
    start = _behind_dateline(line, start, at, body)
    anonymous = not any(line.mentions[start:at])  # "General Anjum, who commands the Frontier Corps, told"
    stop = verb if aside >= 0 and anonymous else at
    while at > start and (line.symbols[at - 1] in "viD," or line.words[at - 1] in _ADVERBS):
        at -= 1
    return _slice(line, start, at, body), start, max(at, stop)


def _behind_dateline(line: Line, start: int, stop: int, body: str) -> int:
    """The item behind `BAKU/YEREVAN -`: neither says it."""
    if start or stop < 2:
        return start
    dateline = _BEFORE_NAME.match(body[line.start : line.ends[stop - 1]])
    return bisect_left(line.starts, line.start + dateline.end()) if dateline else start


def _is_rank(line: Line, at: int) -> bool:
    """The full stop of `army spokesman Col. Somchai Rattana`."""
    return line.symbols[at] == "." and not _RANKS.isdisjoint(line.words[max(0, at - 1) : at])


def _aside(line: Line, verb: int) -> int:
    """Where the name ends in `The ministry, which is led by a general, said`, `A man who had walked there said`. -1 for
    none."""
    if (quoted := _quoted(line, verb)) > 0:
        return quoted
    for index in range(verb - 2, 0, -1):
        if line.symbols[index] in ".;Sq":
            return -1
        if line.words[index] in _RELATIVES and line.symbols[index + 1] in "vxLK":
            enclosed = line.symbols[index - 1] == "," == line.symbols[verb - 1]
            return index if enclosed or "," not in line.symbols[index:verb] else -1
    return -1


def _quoted(line: Line, verb: int) -> int:
    """Where the name ends in `A spokesman in Windhoek, quoted by Western agencies, admitted`; -1 for none."""
    if line.symbols[verb - 1 : verb] != ",":
        return -1
    opened = line.symbols.rfind(",", 0, verb - 1)
    return opened + 1 if opened > 0 and line.words[opened + 1] in _QUOTED else -1


def _slice(line: Line, start: int, stop: int, body: str) -> str:
    if start >= stop:
        return ""
    said = " ".join(body[line.starts[start] : line.ends[stop - 1]].split())
    return _BEFORE_NAME.split(said)[-1].lstrip("-–—,;: ")[:120]
