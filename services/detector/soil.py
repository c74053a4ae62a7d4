"""On whose ground the places of a sentence lie."""

import re

from services.detector.doers import has_partner_behind
from services.detector.figure import Figure
from services.detector.ground import is_at_border, is_ground, is_of_a_fight
from services.detector.lines import Line
from services.detector.parties import Parties

_NAMED = re.compile(r"[AJP]")


def ground_of(line: Line, figure: Figure | None, parties: Parties) -> str | None:
    """`on Indian soil`, `in Kilis`, `the Turkish town of ...`: the state on whose ground the nearest place is."""
    at = figure.at if figure else 0
    between = {index: line.symbols[min(index, at) : max(index, at)] for index in _places(line)}
    places = (index for index in between if ";" not in between[index] and not _speaks_there(line, index, at))
    grounds = [(index, side) for index in places if (side := _side_of_ground(line, index, parties))]
    # In "in Laos, officials said, 54 people were killed in Thailand" who speaks is farther away than what is told.
    far = {index: ("S" in between[index], abs(index - at), index < at) for index, _ in grounds}
    return min(grounds, key=lambda ground: far[ground[0]])[1] if grounds else None


def _speaks_there(line: Line, index: int, at: int) -> bool:
    """`officials in Vientiane said`: where who tells of what stands at `at` is."""
    return index < at and line.symbols[index + 1] == "S"


def _places(line: Line) -> list[int]:
    return [match.start() for match in _NAMED.finditer(line.symbols)]


def _side_of_ground(line: Line, index: int, parties: Parties) -> str | None:
    mention = line.mentions[index]
    if mention is None or line.words[index - 1 : index] == ["from"]:  # "by rockets from Gaza"
        return None
    sides = (parties.one, parties.other)
    apart = "de_facto_state" in (parties.one.form, parties.other.form)  # "10 died in Abkhazia and 62 in Georgia"
    if apart and mention.ref in (side.name for side in sides) and (mention.kind == "place" or is_ground(line, index)):
        return None if has_partner_behind(line, index) or is_at_border(line, index) else mention.ref
    if mention.kind == "place" and mention.place and mention.form != "dateline":
        return parties.on_ground(mention.place.country, mention.place.sector)  # of two claimants neither
    if mention.kind != "actor" or not is_ground(line, index) or has_partner_behind(line, index):
        return None
    if is_at_border(line, index) or is_of_a_fight(line, index):
        return None
    return parties.on_ground(mention.ref)
