"""Where it happened: the places of the sentences that tell of the fight, else the border itself."""

import re
from collections.abc import Iterable, Iterator, Sequence

from services.detector.lexicon import lexicon
from services.detector.lines import Line
from services.detector.words import words
from shared.schemas.article_tagged import ArticleTagged, Border
from shared.schemas.places import Place

_MOST = 8
_LONGEST = 1200
_FEW = 3  # sentences that tell most clearly
_NEXT = 8  # sentences from the first that tells of the fight
_EXACT = 3  # a district or nearer, as UCDP GED counts
_INSIDE = ("inside", "into", "in")
_BEGINNING = 2  # title and first sentence
_BORDERS = words("where.borders")


def places(
    lines: Sequence[Line], every: Sequence[Line], article: ArticleTagged, homes: frozenset[str]
) -> tuple[Place, ...]:
    """Places on the ground of the sides, those of the strongest sentences first, spelled as the text spells them."""
    told = (place for line in lines for place in (*_named(line, article, homes), *_unknown(line, article)))
    found = _once(told) or _beside(lines, every, article, homes) or _once(_bare(lines, every, article))
    if all(place.kind == "line" for place in found):
        found = _along(every, article, homes) + found
    return tuple(found[:_MOST] or _border(lines, every, article, homes) or _soil(lines, article, homes))


def _once(places_told: Iterable[Place]) -> list[Place]:
    """Each name once, where it is told first."""
    seen: dict[str, Place] = {}
    for place in places_told:
        seen.setdefault(place.name.lower(), place)
    return list(seen.values())


def _beside(lines: Sequence[Line], every: Sequence[Line], article: ArticleTagged, homes: frozenset[str]) -> list[Place]:
    """The places of the next sentence that names one on the sides' ground: `It happened near Kurram district`."""
    first = min((line.number for line in lines), default=0)
    for line in every:
        if first <= line.number <= first + _NEXT and line.role != "title":
            found = [place for place in _named(line, article, homes) if place.where_prec <= _EXACT]
            found += _unknown(line, article)
            if found:
                return found
    return []


def _along(every: Sequence[Line], article: ArticleTagged, homes: frozenset[str]) -> list[Place]:
    """A known place on the sides' own border, in whatever sentence, the title too; a disputed area, which is named for
    the quarrel as well, only where the article begins with it."""
    for line in every:
        named = [place for place in _named(line, article, homes) if _is_on(place.borders, homes)]
        found = [
            place
            for place in named
            if place.where_prec <= _EXACT or (place.kind != "line" and line.number < _BEGINNING)
        ]
        if found:
            return found
    return []


def _soil(lines: Sequence[Line], article: ArticleTagged, homes: frozenset[str]) -> Iterator[Place]:
    """`bombed a camp inside Ecuador`: the country, where nothing nearer is told."""
    for line in lines[:_FEW]:
        for index, mention in line.actors:
            if mention.ref in homes and mention.form == "name" and line.words[index - 1] in _INSIDE:
                name = article.body[mention.start : mention.end]
                yield Place(name=name, country=mention.ref, where_prec=6, kind="country")
                return


def _is_on(borders: Sequence[str], homes: frozenset[str]) -> bool:
    return any(set(border.split("-")) <= homes for border in borders)


def _bare(lines: Sequence[Line], every: Sequence[Line], article: ArticleTagged) -> Iterator[Place]:
    """`stationed at Fara`: a name no gazetteer knows, without a word for what it is; better than no place at all."""
    entries = lexicon().entries
    numbers = {line.number for line in lines[:_FEW]}
    behind = [line for line in every if line.number - 1 in numbers and line.number not in numbers]
    for line in (*lines[:_FEW], *(line for line in behind if "fight" in line.tells)):
        known = [(m.start, m.end) for _, m in line.named]
        for match in _BARE.finditer(article.body, line.start, min(line.end, line.start + _LONGEST)):
            start, end = match.span("name")
            words = match["name"].lower().split()
            taken = any(left < end and start < right for left, right in known) or not _is_name(match["name"])
            before = article.body[line.start : start].lower().split()[-_CLOSE:]
            if not taken and entries.keys().isdisjoint(words) and _TOLD_THERE.isdisjoint(before):
                yield Place(name=_spelled(match["name"]), where_prec=1, kind="village")


def _named(line: Line, article: ArticleTagged, homes: frozenset[str]) -> Iterator[Place]:
    """Places of the gazetteer and lines (`Line of Control`)."""
    for index, mention in line.named:
        if mention.form == "dateline":
            continue
        words = _spelled(article.body[mention.start : mention.end])
        if mention.kind == "border":
            border = next((b for b in article.borders if b.id == mention.ref), None)
            yield _as_place(words, border)
        if mention.place is None or _is_far_from(line, index):
            continue
        place = mention.place
        codes = set(place.country.split("|"))
        codes.update(code for border_id in place.borders for code in border_id.split("-"))
        if codes & homes:
            yield place.model_copy(update={"name": words})


def _spelled(name: str) -> str:
    """Without line breaks, and not in capitals: `SOUTH LEBANON`; `T4` is spelled so."""
    words = " ".join(name.split())
    return words.title() if words.isupper() and len(words) > _ABBREVIATION else words


_NEW = re.compile(
    r"\b(?:in|near|at|around|outside|of|on|from|into|over|to)\s+(?:the\s+)?(?:[a-z-]+\s+){0,3}?"
    r"(?P<name>(?:(?:al|el|ad|as|ash|ar|an|ed)-)?[A-Z][\w’'-]+(?:\s+(?:(?:al|el|de|del|al|e)[- ])?[A-Z][\w’'-]+){0,3})"
    r"(?P<kind>\s+(?:[Rr]iver|refugee\s+camp|camp|village|district|area|sector|province|department|airbase|air\s+base|airstrip|base|"
    r"border\s+post|outpost|checkpoint|valley|town|pass|hill|ridge|peak|island|county|agency|state|region|crossing|oasis|subdivision|heights))"
    r"|\b(?:the|on|at|near)\s+(?!(?:The|Its|Their|Our|Northern|Southern|Eastern|Western|International|Disputed|Joint|Common)\b)"
    r"(?P<bordered>[A-Z][a-z’'-]{3,})\s+(?:border|frontier)\b"
    r"|\b(?:village|town|city|district|hamlet|camp|outpost|post|oasis|port|area|settlement|island|base|checkpoint)\s+(?:of|at|called|named)\s+"
    r"(?P<named>(?:(?:al|el|ad|as|ash|ar|an|ed)-)?[A-Z][\w’'-]+(?:[\s-]+(?:al[- ])?[A-Z][\w’'-]+){0,2})"
)
_BARE = re.compile(
    r"\b(?i:in|at|near|around|outside|close to|landed (?:in|on)|(?:km|kilometres|kilometers|miles) from|"
    r"(?:north|south|east|west|outskirts|residents|villagers|people|control|capture) of|"
    r"(?:attack|assault|raid|fire|shells fell|rockets fell|bombs fell) on|"
    r"overran|stormed|shelled|bombed|bombarded|attacked|captured|recaptured|retook|seized|took|raided|defended|entered)\s+"
    r"(?P<name>[A-Z][a-z’']{2,}(?:-[A-Za-z][a-z’']+)*(?: [A-Z][a-z’'-]{2,}){0,2})"
)
_KINDS_OF_NEW = {
    "province": 4,
    "department": 4,
    "state": 4,
    "region": 4,
    "district": 3,
    "county": 3,
    "agency": 3,
}


def _unknown(line: Line, article: ArticleTagged) -> Iterator[Place]:
    """`the village of X`, `X refugee camp`: places no gazetteer knows, without coordinates."""
    known = [(m.start, m.end) for m in line.mentions if m is not None]
    for match in _NEW.finditer(article.body, line.start, min(line.end, line.start + _LONGEST)):
        group = "name" if match["name"] else "named" if match["named"] else "bordered"
        start, end = match.span(group)
        if any(left < end and start < right for left, right in known) or not _is_name(match[group]):
            continue
        kind = " ".join((match["kind"] or "village").split())
        yield Place(name=_spelled(match[group]), where_prec=_KINDS_OF_NEW.get(kind, 1), kind=kind)


def _is_name(name: str) -> bool:
    """Not `Kurdish-held`, `Shi'ite` or `Africa`."""
    words = name.lower().replace("’", "'").split()
    return _NO_NAMES.isdisjoint(words) and not words[-1].endswith(
        ("-held", "-dominated", "-controlled", "-run", "-led")
    )


def _is_far_from(line: Line, at: int) -> bool:
    """`far from Nagorno-Karabakh`, `told reporters in Damascus`: not where it happened."""
    speaks = line.symbols[at + 1 : at + 2] != "," and not _OFFICES.isdisjoint(line.words[at + 1 : at + 3])
    if speaks and "S" in line.symbols[at + 1 : at + 5]:
        return True  # "Kandahar police said", not "near Berkaber, officials said"
    if at == 1 and line.words[0] == "in" and not _OFFICES.isdisjoint(line.words[2:6]):
        return True  # "In Baku the defence ministry called it false"
    if line.words[at - 1] == "from" and line.symbols[max(0, at - 2) : at - 1] in ("m", "c", "h"):
        return True  # "a sergeant from Osh"
    if line.words[at - 1] == "in" and not _SPEAKERS.isdisjoint(line.words[max(0, at - 2) : at - 1]):
        return True  # "officials in Maputo"
    head = line.words[max(0, at - 4) : at]
    if "far" in head or "away" in head or _is_elsewhere(line, at):
        return True
    shelled = at > 0 and bool(line.entries[at - 1].directed)  # "shelled Abyei"
    if _is_disputed(line, at) and not shelled and not _IN & set(head):
        return at > 0 and line.words[at + 1 : at + 2] not in (["front"], ["frontline"], ["sector"])
    return line.symbols[max(0, at - 3) : at].endswith(("Si", "Sxi", "SNi"))


_IN = words("where.in")
_ELSEWHERE = words("where.elsewhere")
_TOLD_THERE = words("where.elsewhere") | words("where.speakers") | {"said", "says", "told", "report", "statement"}
_OFFICES = words("where.offices")
_NO_NAMES = words("where.no_names")
_SPEAKERS = words("where.speakers")
_BACK = 7
_CLOSE = 4  # words
_ABBREVIATION = 4  # letters


def _is_elsewhere(line: Line, at: int) -> bool:
    """`speaking at an event in Moscow`, `taken to hospital in Osh`, `buried in Ganja`: that is nearer than a fight."""
    for index in range(at - 1, max(-1, at - _BACK), -1):
        if not _ELSEWHERE.isdisjoint(line.words[index].split()):
            return not _is_struck(line, index)
        if line.entries[index].fight or line.symbols[index] in ";.":
            return False
    return False


def _is_struck(line: Line, at: int) -> bool:
    """`shelled a hospital in Goma`, `a strike on the headquarters in Goma`."""
    for index in range(at - 1, max(-1, at - _BACK), -1):
        if line.entries[index].directed:
            return True
        if line.symbols[index] not in "axiJA'":
            return False
    return False


def _is_disputed(line: Line, at: int) -> bool:
    """A disputed area is named as often for the quarrel over it as for a fight in it."""
    mention = line.mentions[at]
    return bool(mention and mention.place and mention.place.kind in ("disputed_area", "enclave"))


def _border(
    lines: Sequence[Line], every: Sequence[Line], article: ArticleTagged, homes: frozenset[str]
) -> Iterator[Place]:
    """The border in the text's fullest words, with its middle for coordinates, when no place is named."""
    found = list(_border_names(lines, article))
    if found and not any(_is_full(name) for name, _ in found):
        found += [(name, sides) for name, sides in _border_names(every, article) if sides and sides <= homes]
    if found:
        name, sides = max(found, key=lambda one: (_is_full(one[0]), one[0].count(" ")))
        yield _as_place(name, _border_of(sides, article) or _border_of(homes, article))


def _border_of(sides: frozenset[str], article: ArticleTagged) -> Border | None:
    """`the Turkey-Syria border` is where a third state fought, too."""
    return next((border for border in article.borders if len(sides) > 1 and set(border.id.split("-")) <= sides), None)


def _is_full(name: str) -> bool:
    """Whether a name or an area is in it, not just "border"."""
    return any(map(str.isupper, name)) or " of " in name


def _border_names(lines: Sequence[Line], article: ArticleTagged) -> Iterator[tuple[str, frozenset[str]]]:
    """Each phrase that ends in "border", with the sides named in it."""
    for line in lines:
        for index, word in enumerate(line.words):
            if word in _BORDERS:
                start = _begin(line, index)
                sides = frozenset(m.ref for m in line.mentions[start:index] if m and m.kind == "actor")
                yield " ".join(article.body[line.starts[start] : line.ends[index]].split()), sides


def _begin(line: Line, at: int) -> int:
    """`northern area of the Armenia-Azerbaijan border`: back over names, "the", "of" and "area"."""
    start = at
    while (
        start
        and (
            line.symbols[start - 1] in "AJPBaop"
            or line.words[start - 1]
            in (
                "-",
                "–",
                "area",
                "section",
                "part",
                "stretch",
                "shared",
                "common",
                "northern",
                "southern",
                "eastern",
                "western",
                "disputed",
                "side",
            )
        )
        and at - start < 8
    ):
        start -= 1
    while start < at and line.symbols[start] in "aop":
        start += 1
    return start


def _as_place(name: str, border: Border | None) -> Place:
    return Place(
        name=" ".join(name.split()),
        country="",
        latitude=border.latitude if border else None,
        longitude=border.longitude if border else None,
        where_prec=5,
        kind="line",
        borders=(border.id,) if border else (),
    )
