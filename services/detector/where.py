"""Where it happened: the places of the sentences that tell of the fight, else the border itself."""

from collections.abc import Iterator, Sequence

from services.detector.fights import Scene
from services.detector.lines import Line
from shared.schemas.article_tagged import ArticleTagged, Border, Mention
from shared.schemas.places import Place

_MOST = 8
_BORDERS = frozenset("border borders frontier boundary borderline".split())


def places(found: Sequence[Scene], article: ArticleTagged, homes: frozenset[str]) -> tuple[Place, ...]:
    """Places in the countries of the sides (or on their border), those of the strongest sentences first."""
    seen: dict[str, Place] = {}
    for scene in found:
        for mention in _named(scene.line, homes):
            assert mention.place is not None
            seen.setdefault(mention.place.name, mention.place)
    if seen:
        return tuple(list(seen.values())[:_MOST])
    return tuple(_border(found, article, homes))


def _named(line: Line, homes: frozenset[str]) -> Iterator[Mention]:
    for index, mention in enumerate(line.mentions):
        if mention is None or mention.place is None or mention.form == "dateline":
            continue
        place = mention.place
        codes = set(place.country.split("|"))
        codes.update(code for border in place.borders for code in border.split("-"))
        if codes & homes and not _is_far_from(line, index):
            yield mention


def _is_far_from(line: Line, at: int) -> bool:
    """`far from Nagorno-Karabakh`, `told reporters in Damascus`: not where it happened."""
    head = line.words[max(0, at - 3) : at]
    if "far" in head or "away" in head:
        return True
    return line.symbols[max(0, at - 3) : at].endswith(("Si", "Sxi", "SNi"))


def _border(found: Sequence[Scene], article: ArticleTagged, homes: frozenset[str]) -> Iterator[Place]:
    """The border or line, with its middle for coordinates, when no place is named."""
    border = next((b for b in article.borders if set(b.id.split("-")) <= homes), None)
    for scene in found:
        line = scene.line
        for index, mention in enumerate(line.mentions):
            if mention is not None and mention.kind == "border":
                yield _as_place(article.body[mention.start : mention.end], border)
                return
        for index, word in enumerate(line.words):
            if word in _BORDERS:
                yield _as_place(article.body[line.starts[_begin(line, index)] : line.ends[index]], border)
                return


def _begin(line: Line, at: int) -> int:
    """`northern area of the Armenia-Azerbaijan border`: back over names, "the", "of" and "area"."""
    start = at
    while start and (line.symbols[start - 1] in "AJPBaop" or line.words[start - 1] in ("-", "–", "area", "section", "part", "stretch", "shared", "common", "northern", "southern", "eastern", "western", "disputed", "side")) and at - start < 8:
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
