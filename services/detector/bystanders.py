"""Guards who shoot a person or two at a border: no fight of two forces."""

import re

from services.detector.lines import Line
from services.detector.words import words

_FEW = 3  # people; more are a village, and a village under fire is a fight
_SHOOTING = words("bystanders.shooting")
_PERSON = r"(?P<many>[aN]?)(?P<who>[xJAO]{0,2}[ch]|(?:J|(?<=a)A)(?=[.,;ivDS&)]|xv|\Z))"
_ACTIVE = re.compile(r"m[^.;SN]{0,6}?(?P<verb>[xKk])(?P<at>i?)" + _PERSON + "(?!['mA]|o[apxJ]{0,2}[mA])")
_PASSIVE = re.compile(_PERSON + r"(?!o)[^.;SmN]{0,6}?v*(?P<verb>[xKk])[xriaPD]{0,4}b[axJAP']{0,3}m")


def are_shot(line: Line) -> bool:
    """`guards shot two Kyrgyz citizens dead`, `a man was shot dead by Uzbek border guards`."""
    return any(_is_shooting(line, match) for rule in (_ACTIVE, _PASSIVE) for match in rule.finditer(line.symbols))


def _is_one(noun: str) -> bool:
    return not noun.endswith(("s", "people", "men", "women", "children"))


def _is_shooting(line: Line, match: "re.Match[str]") -> bool:
    number = line.mentions[match.start("many")] if match["many"] == "N" else None
    few = number.best is not None and number.best <= _FEW if number else _is_one(line.words[match.end("who") - 1])
    if line.words[match.end("who") - 1] == "them":
        return False
    verb = match.start("verb")
    if match.groupdict().get("at") and line.words[verb + 1] not in ("on", "at"):
        return False
    return few and not _SHOOTING.isdisjoint((line.words[verb], *line.words[verb].split()))
