"""What the tagger knows, read from data/: names and what they may mean.

Every loader refuses nonsense with file and line. Adding a country, a border, a place or an actor is adding a row.
"""

import csv
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import ahocorasick_rs
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.tagger.fold import fold, squeeze
from services.tagger.words import words
from shared.schemas.article_tagged import MentionKind
from shared.schemas.places import Place

DATA = Path(__file__).parent / "data"

Row = TypeVar("Row")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Force(_Row):
    """An armed force or ministry known by a name of its own."""

    name: str
    kind: str = Field(pattern="^(military|border_guard|police|paramilitary|intelligence|ministry|spokesman_office)$")


class Leader(_Row):
    """Somebody whose name stands for the state between `since` and `until` (years or days, null is open)."""

    name: str
    aliases: list[str] = []
    role: str = ""
    since: str | None = Field(default=None, alias="from")
    until: str | None = Field(default=None, alias="to")


class Country(_Row):
    """A state and all the words newspapers have for it."""

    code: str = Field(pattern="^[A-Z]{2}$")
    name: str
    names: list[str]
    demonyms: list[str] = []
    capitals: list[str] = []
    metonyms: list[str] = []
    forces: list[Force] = []
    leaders: list[Leader] = []


class Actor(_Row):
    """An armed actor that is no recognised state. With `state` it is that state's force in the period."""

    name: str
    names: list[str]
    kind: str = Field(pattern="^(armed_group|de_facto_state|militia|peacekeepers|proxy)$")
    sits_in: list[str]
    state: str | None
    since: str | None = Field(default=None, alias="from")
    until: str | None = Field(default=None, alias="to")


class BorderRow(_Row):
    """A border; `id` is the two codes in alphabetical order; the point is somewhere in its middle."""

    id: str = Field(pattern="^[A-Z]{2}-[A-Z]{2}$")
    kind: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    names: list[str]


class Agency(_Row):
    """A news agency, paper, broadcaster or site."""

    name: str
    names: list[str]
    country: str | None = None
    kind: str
    state_run: bool = False


class Organisation(_Row):
    """An alliance, monitor, aid agency, court or think tank."""

    name: str
    names: list[str]
    kind: str
    country: str | None = None


class ContextName(_Row):
    """A short name that means `side` only in articles that speak of all of `needs`."""

    names: list[str]
    side: str
    needs: list[str]


class OneSide(_Row):
    """Sides shown and counted as the one side `into` in articles that speak of all of `needs`."""

    into: str
    sides: list[str]
    needs: list[str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing a name may mean. `cased` is the offset of the letter that must be a capital, -1 for none."""

    kind: MentionKind | Literal["ignore"]
    ref: str
    form: str = ""
    sits_in: tuple[str, ...] = ()
    place: Place | None = None
    since: str = ""
    until: str = "9999"
    needs: frozenset[str] = frozenset()
    cased: int = 0
    abbreviation: bool = False


@dataclass(slots=True)
class Gazetteer:
    """All names in one Aho-Corasick automaton; `meanings[i]` belongs to pattern i (patterns start with a space)."""

    meanings: list[tuple[Meaning, ...]]
    automaton: ahocorasick_rs.AhoCorasick
    borders: dict[frozenset[str], BorderRow]
    one_sides: list[OneSide]
    homes: dict[str, tuple[str, ...]]
    kinds: dict[str, str]


def read_yaml(path: Path, row: type[Row]) -> list[Row]:
    """The rows of a YAML list. Raises ValueError naming file and line of the first bad row."""
    text = path.read_text(encoding="utf-8")
    try:
        data = yaml.load(text, Loader=yaml.CSafeLoader)
        return TypeAdapter(list[row]).validate_python(data)  # type: ignore[valid-type]
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {error}") from error
    except ValidationError as error:
        where = error.errors()[0]["loc"]
        raise ValueError(f"{path}:{_line(text, where)}: {error.errors()[0]['msg']} ({where})") from error


def _line(text: str, where: tuple[int | str, ...]) -> int:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    index = where[0] if where and isinstance(where[0], int) else None
    if index is not None and isinstance(node, yaml.SequenceNode):
        node = node.value[index]
    return node.start_mark.line + 1 if node else 1


def read_places(path: Path) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """(place, all its names) for each row of a gazetteer TSV. Raises ValueError naming file and line."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=2):
            try:
                place = Place(
                    name=row["name"],
                    country=row["country"],
                    latitude=float(row["latitude"]),
                    longitude=float(row["longitude"]),
                    where_prec=int(row["where_prec"]),
                    kind=row["kind"],
                    sector=row["sector"],
                    borders=tuple(filter(None, row["borders"].split("|"))),
                )
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}:{number}: {error}") from error
            yield place, (row["name"], *filter(None, (row["aliases"] or "").split("|")))


def read_towns(path: Path, capitals: Container[tuple[str, str]] = ()) -> Iterator[Place]:
    """GeoNames towns as places, of `capitals` (name, country) as such. Raises ValueError naming file and line."""
    with path.open(encoding="utf-8") as file:
        next(file)
        for number, line in enumerate(file, start=2):
            try:
                name, country, latitude, longitude, _ = line.rstrip("\n").split("\t")
                yield Place.model_construct(
                    name=name,
                    country=country,
                    latitude=float(latitude),
                    longitude=float(longitude),
                    where_prec=1,
                    kind="capital" if (name, country) in capitals else "town",
                    sector="",
                    borders=(),
                )
            except ValueError as error:
                raise ValueError(f"{path}:{number}: {error}") from error


_ARTICLE = re.compile(r"(?:A[dlnrstz]|E[dlrs]|Ash|Esh)[- ](?=[A-Z])")


def _named(names: Iterable[str], meaning: dict[str, Any]) -> Iterator[tuple[str, Meaning]]:
    for name in names:
        start = article.end() if (article := _ARTICLE.match(name)) else 0  # "al-Fashaga", too
        cased = next((i for i, char in enumerate(name) if i >= start and (char.isupper() or char.isdigit())), -1)
        letters = [char for char in name if char.isalpha()]
        short = len(letters) <= 5 and all(char.isupper() for char in letters)
        yield name, Meaning(cased=cased, abbreviation=short, **meaning)


def _country_names(country: Country) -> Iterator[tuple[str, Meaning]]:
    actor = {"kind": "actor", "ref": country.code}
    yield from _named(country.names, actor | {"form": "name"})
    yield from _named(country.demonyms, actor | {"form": "demonym"})
    yield from _named(country.capitals, actor | {"form": "capital"})
    yield from _named(country.metonyms, actor | {"form": "metonym"})
    for force in country.forces:
        yield from _named([force.name], actor | {"form": _force_form(force.kind)})
    for leader in country.leaders:
        period = {"since": leader.since or "", "until": leader.until or "9999"}
        yield from _named([leader.name, *leader.aliases], actor | {"form": "leader"} | period)


def _force_form(kind: str) -> str:
    return {"military": "force", "paramilitary": "force", "intelligence": "force"}.get(kind, kind)


_REBELS, _FIGHTERS = words("gazetteer.rebels"), words("gazetteer.fighters")
_ANYBODY = words("gazetteer.anybody")


def _actor_names(actor: Actor) -> Iterator[tuple[str, Meaning]]:
    meaning = {
        "kind": "actor",
        "ref": actor.state or actor.name,
        "form": "force" if actor.state else actor.kind,
        "sits_in": tuple(actor.sits_in),
        "since": actor.since or "",
        "until": actor.until or "9999",
    }
    yield from _named(actor.names, meaning)


def _all_names(actors: Sequence[Actor]) -> Iterator[tuple[str, Meaning]]:
    """Every name with its meaning, the likelier meanings of one name first."""
    countries = [row for path in sorted((DATA / "countries").glob("*.yml")) for row in read_yaml(path, Country)]
    for country in countries:
        yield from _country_names(country)
    for actor in actors:
        yield from _actor_names(actor)
    yield from _ground_names()
    for ignored in read_yaml(DATA / "ignore.yml", list[str]):
        yield from _named(ignored, {"kind": "ignore", "ref": ""})
    yield from _teller_names()
    yield from _context_names(actors)
    yield from _rebel_names(actors, frozenset(n for one in countries for n in (*one.names, *one.demonyms)))
    capitals = frozenset((name, one.code) for one in countries for name in one.capitals)
    for place in read_towns(DATA / "towns.tsv", capitals):
        yield from _named([place.name], {"kind": "place", "ref": place.name, "form": "town", "place": place})


def _rebel_names(actors: Iterable[Actor], peoples: Container[str]) -> Iterator[tuple[str, Meaning]]:
    """What the rows of actors say, in other words: behind all that any row says itself."""
    for actor in actors:
        yield from _actor_names(actor.model_copy(update={"names": other_words(actor.names, peoples)}))


def other_words(names: Iterable[str], peoples: Container[str]) -> list[str]:
    """Who is called `Shan rebels` in one paper is `a Shan guerrilla` or `Shan fighters` in another. Of a state's people
    only rebels are meant so: `Syrian fighters` may be its own."""
    known, found = set(names), dict[str, None]()
    for name in names:
        people, _, word = name.rpartition(" ")
        if word in _REBELS | _FIGHTERS and people.lower() not in _ANYBODY:
            told = (_REBELS if word in _REBELS else frozenset()) if people in peoples else _REBELS | _FIGHTERS
            found.update(dict.fromkeys(f"{people} {other}" for other in sorted(told)))
    return [name for name in found if name not in known]


def _context_names(actors: Iterable[Actor]) -> Iterator[tuple[str, Meaning]]:
    homes = {actor.name: tuple(actor.sits_in) for actor in actors}
    for context in read_yaml(DATA / "context.yml", ContextName):
        meaning = {"kind": "actor", "ref": context.side, "form": "name", "sits_in": homes.get(context.side, ())}
        yield from _named(context.names, meaning | {"needs": frozenset(context.needs)})


def _ground_names() -> Iterator[tuple[str, Meaning]]:
    for border in read_borders():
        yield from _named(border.names, {"kind": "border", "ref": border.id})
    for path in sorted((DATA / "places").glob("*.tsv")):
        for place, names in read_places(path):
            yield from _named(names, {"kind": "place", "ref": place.name, "place": place})


def _teller_names() -> Iterator[tuple[str, Meaning]]:
    for organisation in read_yaml(DATA / "organisations.yml", Organisation):
        meaning: dict[str, Any] = {"kind": "organisation", "ref": organisation.name, "form": organisation.kind}
        yield from _named(organisation.names, meaning)
    for agency in read_yaml(DATA / "agencies.yml", Agency):
        speaks_for = (agency.country,) if agency.state_run and agency.country else ()
        meaning = {"kind": "agency", "ref": agency.name, "form": agency.kind, "sits_in": speaks_for}
        yield from _named(agency.names, meaning)


def read_borders() -> list[BorderRow]:
    """All borders of the world."""
    return [row for path in sorted((DATA / "borders").glob("*.yml")) for row in read_yaml(path, BorderRow)]


@lru_cache(maxsize=1)
def load() -> Gazetteer:
    """Reads data/ once a process (about half a second)."""
    actors = read_yaml(DATA / "actors.yml", Actor)
    names: dict[str, list[Meaning]] = {}
    for name, meaning in _all_names(actors):
        for spelling in {squeeze(name), fold(name).strip()}:  # "Workers' Party" is two spaces wide there in a text
            names.setdefault(spelling, []).append(meaning)
    names.pop("", None)
    borders = {frozenset(row.id.split("-")): row for row in read_borders()}
    automaton = ahocorasick_rs.AhoCorasick(
        [" " + name for name in names], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
    )
    homes = {actor.name: tuple(actor.sits_in) for actor in actors}
    kinds = {actor.name: actor.kind for actor in actors}
    one_sides = read_yaml(DATA / "one_side.yml", OneSide)
    return Gazetteer([tuple(m) for m in names.values()], automaton, borders, one_sides, homes, kinds)
