"""Number mentions: how many, with the bounds the words before it set."""

import re
from collections.abc import Sequence

from services.tagger.lexemes import Lexeme, Lexicon, word_after, word_before
from shared.schemas.article_tagged import Mention

_JOINS = (" ", "-", " and ", "-and-")
_RANGES = (" to ", "-", "–", " or ", " and ")
_HALF_DAY = re.compile(r" ?[ap]\.? ?m\b", re.IGNORECASE)
_MAX = 50_000_000
_BETWEEN = len("between ")
_LONGEST = 8  # words of one figure
_ADORNED = re.compile(r" or so\b|-odd\b| odd\b| plus\b|\+(?!\d)| \(\d{1,4}\)")  # behind a figure
_COUNTING = frozenset(["digits", "unit", "ten", "whole"])
_PARTS = frozenset(["digits", "unit", "ten", "scale", "whole", "vague", "ordinal"])

Amount = tuple[int | None, int | None, int | None]


def find_numbers(lexemes: Sequence[Lexeme], used: set[int], text: str, folded: str, known: Lexicon) -> list[Mention]:
    """Amounts and ordinals; figures that count things, name things or tell the time are left out."""
    mentions: list[Mention] = []
    index = 0
    while index < len(lexemes):
        run = _run(lexemes, index, used, text)
        if not run or (mentions and mentions[-1].end > run[0].start):  # the 30 of "thirty (30)"
            index += 1
            continue
        mention = _amount(lexemes, index, run, text, folded, known)
        if mention:
            mentions.append(mention)
        index += len(run)
    return _ranges(mentions, text)


def _run(lexemes: Sequence[Lexeme], index: int, used: set[int], text: str) -> list[Lexeme]:
    """The lexemes of one figure: `two hundred and six`, `twenty-eight`, `1.5 million`, `dozens`."""
    run: list[Lexeme] = []
    for at in range(index, len(lexemes)):  # a slice would copy the rest for every figure
        lexeme = lexemes[at]
        if lexeme.start in used or lexeme.kind not in _PARTS:
            break
        if run and not _continues(run[-1], lexeme, text[run[-1].end : lexeme.start]):
            break
        run.append(lexeme)
    return run


def _continues(left: Lexeme, right: Lexeme, gap: str) -> bool:
    if gap not in _JOINS or left.kind in ("vague", "ordinal"):
        return False
    if right.kind == "scale":
        return gap in (" ", "-") and left.kind in ("digits", "unit", "ten", "scale", "whole")
    if left.kind == "ten":
        return right.kind == "unit" and gap in (" ", "-") and right.value < 10
    return left.kind in ("scale", "whole") and right.kind in ("unit", "ten") and left.value >= 100 and gap != "-"


def _value(run: Sequence[Lexeme]) -> float:
    """`two hundred and six` is 206: scales multiply what stands before them, the rest adds up."""
    total = current = 0.0
    for lexeme in run:
        if lexeme.kind == "scale":
            current = max(current, 1.0) * lexeme.value
            if lexeme.value >= 1000:
                total, current = total + current, 0.0
        else:
            current += float(lexeme.value.replace(",", "")) if lexeme.kind == "digits" else lexeme.value
    return total + current


def _amount(
    lexemes: Sequence[Lexeme], index: int, run: list[Lexeme], text: str, folded: str, known: Lexicon
) -> Mention | None:
    start, end = run[0].start, run[-1].end
    if run[0].kind in _COUNTING and (more := _ADORNED.match(text, end)):
        end = more.end()
    if run[0].kind == "ordinal" or (run[0].kind == "digits" and run[0].value[-1].isalpha()):
        rank = run[0].value if run[0].kind == "ordinal" else int("".join(filter(str.isdigit, run[0].value)))
        return _mention(start, end, (rank, rank, rank), "ordinal")
    if _is_label(start, end, text, folded, known):
        return None
    bound = lexemes[index - 1] if index and lexemes[index - 1].kind == "bound" else None
    if bound and text[bound.end : start] not in (" ", " the ", " another "):
        bound = None
    if run[0].kind == "vague":
        return _mention(bound.start if bound else start, end, (run[0].value, None, None), "vague")
    value = _value(run)
    if value > _MAX or value != int(value):
        return None
    return _mention(bound.start if bound else start, end, _bounded(int(value), bound), "cardinal")


def _bounded(value: int, bound: Lexeme | None) -> Amount:
    """`at least 49` is (49, 49, None); `up to 24` is (None, 24, 24)."""
    effect = bound.value if bound else ""
    return (None if effect == "most" else value, value, None if effect == "least" else value)


def _mention(start: int, end: int, amount: Amount, form: str) -> Mention:
    low, best, high = amount
    return Mention(kind="number", start=start, end=end, low=low, best=best, high=high, form=form)


def _is_label(start: int, end: int, text: str, folded: str, known: Lexicon) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    if text[start] == "0" and end - start > 1:  # 0515: a time
        return True
    if (
        (before and text[start].isdigit() and before in "$€£¥#:/.'")
        or after[:1] in ("%", ":", "°")
        or (after[:1] == "/" and after[1:].isdigit())
    ):
        return True
    if (after[:1] == "-" and after[1:2].isalpha()) or (before == "-" and text[start - 2 : start - 1].isalpha()):
        return True
    if (after[:1] == "." and after[1:2].isdigit()) or _HALF_DAY.match(text, end):
        return True
    if after[:1] != "." and word_after(folded, end) in known.things:
        return True
    return before == " " and text[start - 2].isalnum() and word_before(folded, start) in known.labels


def _ranges(mentions: list[Mention], text: str) -> list[Mention]:
    """Joins `8,000 to 10,000` and `between 49 and 52` into one amount with low and high."""
    joined: list[Mention] = []
    for mention in mentions:
        last = joined[-1] if joined else None
        if last and _is_range(last, mention, text):
            assert last.best is not None
            low, high = last.best, mention.best
            between = _BETWEEN if text[last.end : mention.start].lower() == " and " else 0
            joined[-1] = last.model_copy(
                update={"start": last.start - between, "end": mention.end, "low": low, "best": high, "high": high}
            )
        else:
            joined.append(mention)
    return joined


def _is_range(left: Mention, right: Mention, text: str) -> bool:
    if left.form != "cardinal" or right.form != "cardinal" or left.best is None or right.best is None:
        return False
    gap = text[left.end : right.start].lower()
    if gap not in _RANGES or left.best >= right.best:
        return False
    return gap != " and " or text[max(0, left.start - _BETWEEN) : left.start].lower() == "between "
