"""Words that are signs of armed force: how strong, whether both sides use it, and whether it happened at all."""

import re
from dataclasses import dataclass
from itertools import islice, pairwise

from services.detector.lines import Line
from services.detector.words import words

_LOSSES = 0.6  # soldiers killed or wounded
_DEAD = 0.3  # anybody killed or wounded
_WEAPON = 0.35  # a gun or a shell named: tanks, ships and planes are moved about in peace, too
_INROAD = 0.5  # soldiers who go over a border
_ANSWER = 0.8  # a weapon that answers
_SUBJECT = 8  # items of a subject
_DRIVEN_OUT = re.compile(r"a?[JA]x?mf")  # "had driven Eritrean troops from the bridge"
_IN_A_BODY = re.compile(r"[xa]{0,4}ia?G")  # "clashed at the United Nations"
_MAY = frozenset(("would", "could", "might", "may"))
_DURING = frozenset(("in", "during", "of"))
_BETWEEN = 0.8  # a weapon, and what one does the other does
_AROUND = 10  # items
_PAIRS = (("each", "other"), ("one", "another"))
_ACCUSING = words("fights.accusing") | words("force.spoken_of")
_REACH = 8  # items between a word of force and what makes it mutual
_MEANS = 4  # items between "used" and "to strike": drones and artillery
_MOST = 12  # a sentence with more is a list, or hostile
_UNREAL = 0.15  # what is left of a word that a cue takes back

_TRADED = words("force.traded")
_FIRE = words("force.fire")
_ANSWERED = words("force.answered")
_NOUNS = ("ing", "artillery fire", "mortar fire", "rocket fire", "sniper fire")
_MOVES = words("force.moves")
_CROSSES = words("force.crosses")
_OVER = words("force.over")
_BARE_LINES = words("force.lines")
_VERBS = words("force.traded") | _MOVES | _CROSSES | {"driven", "driving"}
# Symbols of losses; "the killing of ten soldiers", "took 62 prisoners", "lost 14 soldiers".
_LOST = re.compile("[KkWQdCM]|F(?=o?[aN][JA]?m)|(?<=xN)R|L(?=NJ?m)")
_LINES = [[word] for word in _BARE_LINES]
_FORCES = words("force.forms")  # forms of an actor
_NEVER = words("force.never")
_CAUSES = words("force.causes")
_NATIONAL = words("force.national")  # "Azerbaijani fire" is no blaze
_SIGNS = frozenset(("fight", "weapon", "aftermath"))  # what a word of the lexicon tells
_MOVED = words("force.moved")
_SPOKEN = words("force.spoken")  # lives are claimed, hills, too
_NEW_CLAUSE = words("force.new_clause")
_BEGUN = words("force.begun")
_HEARSAY = words("force.hearsay")
_UNTRUE = words("force.untrue")
_DENIED = words("force.denied")
_AFTER = words("force.after")
_LONG = words("force.long")
_LONG_AFTER = words("force.long_after")
_DRILLS = _AFTER - _MAY


@dataclass(frozen=True, slots=True)
class Trigger:
    """The item `at` of a line as a sign of a fight: `strength` 0..1; `mutual` where both sides do it; `real` where
    nothing takes it back."""

    at: int
    strength: float
    mutual: bool
    real: bool

    @property
    def weight(self) -> float:
        """The strength, little of it where the fight is not real."""
        return self.strength if self.real else self.strength * _UNREAL


def triggers(line: Line) -> list[Trigger]:
    """All signs of armed force in the line, in order."""
    candidates = _candidates(line)
    if not candidates:
        return []
    untrue = _is_shotless(line) or _is_rumour(line)
    losses = _LOSSES if has_soldiers(line) else _DEAD
    signs = ((at, *sign) for at in candidates if (sign := _sign(line, at, losses)))
    return [
        Trigger(at, strength, mutual, not (untrue or is_unreal(line, at)))
        for at, strength, mutual in islice(signs, _MOST)
    ]


def _is_rumour(line: Line) -> bool:
    """`Talk on social media that gunboats sank a launch is false`, `threw out as "fabricated" a newspaper's story`."""
    if _HEARSAY.isdisjoint(line.words):
        return False
    denied = any(one in _DENIED and other in _HEARSAY for one, other in pairwise(line.words))  # "denied reports that"
    return denied or not _UNTRUE.isdisjoint(line.words)


def _is_shotless(line: Line) -> bool:
    """`Not a shot has ever been fired over it`."""
    return line.words[:2] == ["not", "a"] and line.words[2:3] in (["shot"], ["bullet"], ["round"], ["single"])


def _candidates(line: Line) -> list[int]:
    found = {match.start() for match in _LOST.finditer(line.symbols)}
    if not _VERBS.isdisjoint(line.words):
        found.update(at for at, word in enumerate(line.words) if word in _VERBS)
    if found or not (_SIGNS.isdisjoint(line.tells) and _NATIONAL.isdisjoint(line.words)):
        found.update(line.marked)
    return sorted(found)


def _sign(line: Line, at: int, losses: float) -> tuple[float, bool] | None:
    """How strong a sign the item is, and whether both sides do it. Losses are nobody's deed: sides in any order."""
    entry, word = line.entries[at], line.words[at]
    if _is_mutual(line, at):
        return 1.0, True
    if entry.weapon and entry.weapon not in _MOVED and _is_between_them(line, at):
        return _BETWEEN, True
    if word in _NATIONAL and line.symbols[at - 1 : at] in ("J", "A", "'"):
        return 1.0, False
    if word in _CAUSES and line.words[at + 1 : at + 2] == ["against"] and line.words[at - 1 : at] == ["the"]:
        return None  # "a larger part in the battle against Islamic State": nobody fights there
    if entry.fight:
        return entry.fight, entry.mutual >= entry.directed
    if _LOST.match(line.symbols, at) and word not in _SPOKEN:
        return losses, True
    if entry.weapon:
        return _weapon(line, at)
    if entry.aftermath:
        return _DEAD, True
    if word in ("drove", "driven", "driving") and _DRIVEN_OUT.match(line.symbols, at + 1):
        return _ANSWER, False
    return (_INROAD, True) if _is_inroad(line, at) else None


def _weapon(line: Line, at: int) -> tuple[float, bool] | None:
    if _answers(line, at):
        return _ANSWER, False
    return None if line.entries[at].weapon in _MOVED else (_WEAPON, False)


def _is_inroad(line: Line, at: int) -> bool:
    word = line.words[at]
    return (word in _MOVES and _enters(line, at)) or (word in _CROSSES and _crosses(line, at))


def has_soldiers(line: Line) -> bool:
    """Whether the line speaks of soldiers, by a word or by the name of a force."""
    return "m" in line.symbols or any(actor.form in _FORCES for _, actor in line.actors)


def _enters(line: Line, at: int) -> bool:
    """`Libyan columns had pushed into Sollum`, `soldiers went over the line`."""
    over = next((i for i in range(at + 1, min(len(line) - 1, at + 3)) if line.words[i] in _OVER), -1)
    if over < 0 or not (_is_ground(line, over + 1) or _is_ground(line, over + 2)):
        return False
    return _is_by_soldiers(line, at)


def _crosses(line: Line, at: int) -> bool:
    """`aircraft from Sudan crossed the new international border`."""
    return any(line.words[i] in _BARE_LINES for i in range(at + 1, min(len(line), at + 5))) and _is_by_soldiers(
        line, at
    )


def _is_by_soldiers(line: Line, at: int) -> bool:
    head = range(max(0, at - 10), at)
    return any(line.symbols[i] == "m" or line.entries[i].armed or line.entries[i].weapon for i in head)


def _is_ground(line: Line, at: int) -> bool:
    return line.symbols[at : at + 1] in ("A", "J", "P", "B") or line.words[at : at + 1] in _LINES


def _is_mutual(line: Line, at: int) -> bool:
    """`traded heavy machine-gun bursts`; `fired` and `shelled` with `each other` or `one another` behind."""
    if line.words[at] in _TRADED:
        passive = line.symbols[at - 1 : at] == "v"  # "artillery was traded"
        around = line.words[max(0, at - 5) : at - 1] if passive else line.words[at + 1 : at + 6]
        return any(word in _FIRE for word in around)
    return bool(line.entries[at].fight or line.entries[at].weapon) and _has_reciprocal(line, at)


def _is_between_them(line: Line, at: int) -> bool:
    """`raked each other's trenches with machine guns`, `grenades were lobbed back and forth`; not `blamed each other
    for the shells`."""
    for index in range(max(1, at - _AROUND), min(len(line) - 1, at + _AROUND)):
        if tuple(line.words[index : index + 2]) in _PAIRS or line.words[index : index + 3] == ["back", "and", "forth"]:
            return line.symbols[index - 1] != "S" and _ACCUSING.isdisjoint(line.words[max(0, index - 3) : index])
    return False


def _has_reciprocal(line: Line, at: int) -> bool:
    for index in range(at + 1, min(len(line) - 1, at + _REACH)):
        if line.symbols[index] in ".;":
            return False
        if (line.words[index], line.words[index + 1]) in (("each", "other"), ("one", "another")):
            return True
    return False


def _answers(line: Line, at: int) -> bool:
    """`its guns answered`, `replied with mortars`."""
    around = line.words[max(0, at - 4) : at] + line.words[at + 1 : at + 3]
    return any(word in _ANSWERED for word in around)


def is_unreal(line: Line, at: int) -> bool:
    """Whether a cue near the word at `at`, in its clause, takes it back: "could", "threatened to", "not", "drill"."""
    for index in range(at - 1, max(-1, at - 8), -1):
        if _is_long_after(line, index):
            return True
        if line.symbols[index] in ".;,:" or line.words[index] in _NEW_CLAUSE:
            return False
        if line.entries[index].unreal or _is_purpose(line, index, at) or _is_negation(line, index, at):
            return True
    if any(line.entries[i].unreal and line.words[i] in _AFTER for i in range(at + 1, min(len(line), at + 3))):
        return True
    if line.entries[at].mutual and _IN_A_BODY.match(line.symbols, at + 1):
        return True
    return _would_be(line, at) or _is_drill(line, at) or _is_at_their_own(line, at)


def _is_long_after(line: Line, index: int) -> bool:
    """`massed at the border, four years after Iraq's invasion`: news of another time."""
    word = line.words[index]
    return word in _LONG_AFTER or (word == "after" and index > 0 and line.words[index - 1] in _LONG)


def _is_at_their_own(line: Line, at: int) -> bool:
    """`Mutinous soldiers fired on their own officers`."""
    own = next((i for i in range(at + 1, min(len(line) - 2, at + 3)) if line.symbols[i] == "p"), -1)
    return own >= 0 and line.words[own + 1] == "own" and line.symbols[own + 2] == "m" and line.symbols[at] == "x"


def _would_be(line: Line, at: int) -> bool:
    """`A border clash between the two would be a disaster`, `could disrupt trade`."""
    if not line.entries[at].mutual or at > _SUBJECT:
        return False
    behind = range(at + 1, min(len(line), at + _SUBJECT))
    verb = next((i for i in behind if line.symbols[i] in "SkKLz,.;" or line.words[i] in _MAY), at)
    return line.words[verb] in _MAY and (line.words[verb] != "would" or line.words[verb + 1 : verb + 2] == ["be"])


def _is_drill(line: Line, at: int) -> bool:
    """`fired shells in an exercise`."""
    for index in range(at + 1, min(len(line), at + _REACH)):
        if line.symbols[index] in ".;,":
            return False
        if line.words[index] in _DRILLS:
            return not _DURING.isdisjoint(line.words[max(at, index - 4) : index])
    return False


def _is_purpose(line: Line, index: int, at: int) -> bool:
    """`on alert to shoot down`; not `continued to shell`, `close to fighting`."""
    if line.words[index] != "to" or at - index > 3 or "v" in line.symbols[index:at] or line.entries[at].weapon:
        return False
    if line.words[at].endswith(_NOUNS):
        return False
    return (
        line.symbols[index + 1] == "x" and index > 0 and _BEGUN.isdisjoint(line.words[max(0, index - _MEANS) : index])
    )


def _is_negation(line: Line, index: int, at: int) -> bool:
    """`did not fire`, `no shot`; not `no one was hurt in the shooting`, `not only shelled`."""
    if line.words[index] == "no":
        return at - index == 1 or (at - index <= 4 and bool(line.entries[index + 1].fight))
    return line.words[index] in _NEVER and at - index <= 3 and "only" not in line.words[index:at]
