"""Which of its meanings a name has where it stands."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from services.tagger.gazetteer import Gazetteer, Meaning
from services.tagger.lexemes import word_after, word_before
from services.tagger.words import words
from shared.schemas.article_tagged import Mention

_LOCATIVE = words("names.locative")
_CAPITAL_PLACE = words("names.capital_place")
_PLACE_NOUNS = words("names.place_nouns")
_FORCE_NOUNS = words("names.force_nouns")
_LOOK_AGAIN = 60  # characters behind a false start in which a name that begins inside it may end
_AROUND = 60  # characters
_FORCE_FROM = re.compile(
    r"\b(?:group|groups|unit|units|gunmen|fighters|militiamen|militia|separatists|band|bands) from"
    r"(?: [\w-]+){0,3}(?: of)?\Z"
)
_PEOPLES = ("ian", "ians", "tan", "ans", "haz", "stani", "ers")
_ADMINS = ("capital", "metonym")


Found = tuple[int, int, int]  # pattern, start, end


class Candidate(NamedTuple):
    """A name found in the text, with all it may mean. `inner` ones stand in a longer one that means nothing here."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]
    inner: bool = False


def find_candidates(text: str, folded: str, published: str | None, known: Gazetteer) -> Iterator[Candidate]:
    """Names at word boundaries written as names. `folded` is fold(text) behind one space."""
    for found in _whole_names(folded, known):
        candidate = _candidate(found, text, published, known)
        shorter = () if candidate else _names_within(folded, known, found[1], found[2])
        inner = (_candidate(one, text, published, known) for one in shorter)
        yield from (candidate,) if candidate else (one._replace(inner=True) for one in inner if one)


def needed(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without the inner ones but those of a country that nobody else is called by: `strikes on southern Lebanon`."""
    if not any(one.inner for one in candidates):
        return list(candidates)
    called = {one.meanings[0].ref for one in candidates if not one.inner and one.meanings[0].kind == "actor"}
    return [one for one in candidates if not one.inner or _is_country(one.meanings[0], called)]


def _is_country(meaning: Meaning, called: set[str]) -> bool:
    return meaning.kind == "actor" and meaning.form in ("name", "demonym") and meaning.ref not in called


def _candidate(found: Found, text: str, published: str | None, known: Gazetteer) -> Candidate | None:
    pattern, start, end = found
    meanings = tuple(
        [
            meaning
            for meaning in known.meanings[pattern]
            if _is_written_as(meaning, text, start, end - 1) and _is_of_its_time(meaning, published)
        ]
    )
    return Candidate(start, end - 1, meanings) if meanings else None


def _names_within(folded: str, known: Gazetteer, start: int, end: int) -> Iterator[Found]:
    """Names inside a longer one that means nothing here: in `southern Lebanon` (of which the gazetteer has the province
    Southern Lebanon) and in `Sudanese militia` (which it has for another decade). The last word is looked at apart."""
    cut = folded.rfind(" ", start, end)
    for begin, stop in ((start, cut), (cut, end)):
        for pattern, first, last in known.automaton.find_matches_as_indexes(folded[begin:stop]):
            if begin + last == stop or folded[begin + last] == " ":
                yield pattern, begin + first, begin + last


def _whole_names(folded: str, known: Gazetteer) -> Iterator[Found]:
    """(pattern, start, end) of the names that end where a word ends.

    The automaton takes the match that begins first: in "the Northern Limit Line" it finds "the North" and is past the
    line's own name, in "one North Korean" a town called One North. So it looks again behind what ends inside a word and
    what has several words: of two names that overlap the longer one stands.
    """
    last, free = len(folded), 0
    for pattern, start, end in known.automaton.find_matches_as_indexes(folded):
        if start < free:
            continue
        whole = end == last or folded[end] == " "
        several = not whole or " " in folded[start + 1 : end]
        if not whole and (shorter := _shorter_name(folded, known, start, end)):
            yield shorter
            start = shorter[2] - 1  # what is left of the false match may hold names, too
        later = _name_begun_inside(folded, known, start, end) if several else None
        if later and (not whole or (later[2] > end and later[2] - later[1] > end - start)):
            yield later
            free = later[2]
        elif whole:
            yield pattern, start, end


def _shorter_name(folded: str, known: Gazetteer, start: int, end: int) -> Found | None:
    """The whole name that begins where one does that ends inside a word: "Arauca" in "near Arauca. Colombian troops",
    where the automaton found "Arauca, Colombia"."""
    cut = folded.rfind(" ", start + 1, end)
    if cut < 0:
        return None
    for pattern, first, stop in known.automaton.find_matches_as_indexes(folded[start:cut]):
        if first == 0 and (start + stop == cut or folded[start + stop] == " "):
            return pattern, start, start + stop
        break
    return None


def _name_begun_inside(folded: str, known: Gazetteer, start: int, end: int) -> Found | None:
    """The first whole name that begins behind `start` and before `end`, wherever it ends."""
    for inner, first, stop in known.automaton.find_matches_as_indexes(folded[start + 1 : end + _LOOK_AGAIN]):
        first, stop = start + 1 + first, start + 1 + stop
        if first < end and (stop == len(folded) or folded[stop] == " "):
            return inner, first, stop
    return None


def _is_written_as(meaning: Meaning, text: str, start: int, end: int) -> bool:
    if meaning.abbreviation:
        return text[start:end].isupper() and not _shouts(text, start, end)
    return meaning.cased < 0 or (start + meaning.cased < end and not text[start + meaning.cased].islower())


def _shouts(text: str, start: int, end: int) -> bool:
    """Whether the words around are in capitals, too, so that capitals say nothing."""
    around = text[max(0, start - 12) : start] + text[end : end + 12]
    return end - start <= 4 and sum(map(str.isupper, around)) > 0.6 * max(1, sum(map(str.isalpha, around)))


def countries_in(candidates: Iterable[Candidate]) -> Counter[str]:
    """How often each state is named by name, demonym or force; a non-state actor counts for where it sits."""
    seen: Counter[str] = Counter()
    for candidate in candidates:
        meaning = candidate.meanings[0]
        if meaning.kind == "actor" and not meaning.needs:
            seen.update([meaning.ref] if len(meaning.ref) == 2 else meaning.sits_in)
        elif meaning.kind == "border":
            seen.update(meaning.ref.split("-"))
        elif meaning.place and len(meaning.place.borders) == 1:
            seen.update(meaning.place.borders[0].split("-"))
    return seen


def resolve(candidate: Candidate, text: str, folded: str, seen: Counter[str]) -> Mention | None:
    """The mention, or None where the name means nothing here."""
    first = candidate.meanings[0]
    if len(candidate.meanings) == 1 and not first.needs and first.kind not in ("place", "ignore"):
        return _mention(candidate, first)
    options = [m for m in candidate.meanings if all(seen[code] for code in m.needs)]
    actor = next((m for m in options if m.kind == "actor"), None)
    ignored = any(m.kind == "ignore" for m in options)  # goes before a town of the wide world
    places = [m for m in options if m.kind == "place" and not (ignored and m.form == "town")]
    place = _best_place(places, candidate, text, folded, seen)
    if actor and place and _prefers_place(actor, place, candidate, text, folded):
        return _mention(candidate, place)
    chosen = actor or place or next((m for m in options if m.kind not in ("actor", "place")), None)
    if chosen is None or chosen.kind == "ignore":
        return None
    return _mention(candidate, chosen)


def _is_of_its_time(meaning: Meaning, published: str | None) -> bool:
    if published is None or meaning.form == "name":
        return True
    return meaning.since[:4] <= published[:4] and published[: len(meaning.until)] <= meaning.until


def _prefers_place(actor: Meaning, place: Meaning, candidate: Candidate, text: str, folded: str) -> bool:
    """A capital is a place behind `in`, `near` ..., before `province` and as a dateline; one of a de-facto state, which
    the front may be near, unless it speaks. A de-facto state is a place unless its forces or officials are meant."""
    if actor.form == "de_facto_state":
        spot = place.place is not None and place.place.kind == "town"
        if not spot or _is_at(candidate, text, folded):
            return spot or not _is_people(candidate, text, folded)
        return word_after(folded, candidate.end) not in _FORCE_NOUNS
    return actor.form in _ADMINS and _is_at(candidate, text, folded)


def _is_at(candidate: Candidate, text: str, folded: str) -> bool:
    return (
        _is_dateline(candidate, text)
        or word_before(folded, candidate.start) in _CAPITAL_PLACE
        or word_after(folded, candidate.end) in _PLACE_NOUNS
    )


def _is_people(candidate: Candidate, text: str, folded: str) -> bool:
    """Whether a de-facto state's forces, officials or people are meant: `Abkhaz`, `the Somaliland army`, `the army of
    Puntland`, `Karabakh and Azerbaijani troops`."""
    before = folded[max(0, candidate.start - _AROUND) : candidate.start + 1].split()
    behind = folded[candidate.end + 1 : candidate.end + _AROUND].split()[:4]
    behind = behind[1:] if behind[:1] in (["'s"], ["’s"], ["s"]) else behind
    if text[candidate.start : candidate.end].endswith(_PEOPLES) or (behind and behind[0] in _FORCE_NOUNS):
        return True
    if before[-1:] == ["of"] and before[-2:-1] and before[-2] in _FORCE_NOUNS:
        return True
    if _FORCE_FROM.search(" ".join(before)):
        return True  # "an armed group from the breakaway region of Abkhazia"
    if before[-1:] and (before[-1] in _LOCATIVE or before[-1].endswith(",")):
        return behind[:1] != [] and behind[0].isdigit()  # "Georgia says 17 dead, Abkhazia 81"
    return not (behind and behind[0] in _PLACE_NOUNS)


def _is_dateline(candidate: Candidate, text: str) -> bool:
    """`TBILISI (Reuters) -`, `BAHRAIN, March 5 -`, `Istanbul (CNN)`: where the reporter sits, not where it happened."""
    head, tail = text[max(0, candidate.start - 2) : candidate.start], text[candidate.end : candidate.end + 3]
    begins = head in ("\n\n", "")
    return begins and (
        tail[:2] in (" (", "- ", "– ", "— ")
        or tail in (" - ", " – ", " — ", " --")
        or (text[candidate.start : candidate.end].isupper() and tail[:1] in (",", "/", ":", " "))
    )


def _best_place(
    places: list[Meaning], candidate: Candidate, text: str, folded: str, seen: Counter[str]
) -> Meaning | None:
    """The place in a country the article speaks of; homonyms elsewhere do not count."""
    scored = [(score, index) for index, m in enumerate(places) if (score := _place_score(m, seen)) > 0]
    if not scored:
        return None
    _, index = max(scored, key=lambda pair: (pair[0], -pair[1]))
    meaning = places[index]
    if _is_dateline(candidate, text):
        return replace(meaning, form="dateline")
    if meaning.form != "town" or _is_locative(candidate, text, folded):
        return meaning
    return None


def _place_score(meaning: Meaning, seen: Counter[str]) -> int:
    assert meaning.place is not None
    codes = set(meaning.place.country.split("|"))
    codes.update(code for border in meaning.place.borders for code in border.split("-"))
    score = sum(seen[code] for code in codes)
    return score * 2 if meaning.form != "town" else score


def _is_locative(candidate: Candidate, text: str, folded: str) -> bool:
    """`in Berd`, `Berd district`, `Berd, Ijevan and ...`: an unknown town needs a word that says it is a place."""
    if candidate.end - candidate.start < 4:
        return False
    if word_before(folded, candidate.start) in _LOCATIVE or word_after(folded, candidate.end) in _PLACE_NOUNS:
        return True
    before = text[max(0, candidate.start - 2) : candidate.start]
    return before in ("\n\n", "") and text[candidate.end : candidate.end + 2] in (
        ", ",
        " (",
        " -",
        " –",
        ": ",
        " —",
    )


def _mention(candidate: Candidate, meaning: Meaning) -> Mention:
    assert meaning.kind != "ignore"
    return Mention(
        kind=meaning.kind,
        start=candidate.start,
        end=candidate.end,
        ref=meaning.ref,
        form=meaning.form,
        sits_in=meaning.sits_in,
        place=meaning.place,
    )
