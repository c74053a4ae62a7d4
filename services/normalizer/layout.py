"""Lines to paragraphs: blank lines, one line a paragraph, and lines wrapped at a fixed width."""

import re
from itertools import pairwise

_WRAP_WIDTH = 120  # no typewriter, wire or mail program wraps later
_SPACE_RUN = re.compile(r"[ ]{2,}")
_ENDS = frozenset(".!?…:;\"'”’)]")


def paragraphs(text: str) -> list[str]:
    """The paragraphs, one string each without line ends; an empty string marks a blank line between two."""
    lines = [line.rstrip() for line in text.split("\n")]
    if _is_wrapped(lines):
        lines = _unwrapped(lines)
    tidy = [_SPACE_RUN.sub(" ", line.strip()) if "  " in line else line.strip() for line in lines]
    return [line for at, line in enumerate(tidy) if line or (at and tidy[at - 1])]


def _is_wrapped(lines: list[str]) -> bool:
    """Most lines that another follows directly stop in mid-sentence, and none is long."""
    followed = [line for line, after in pairwise(lines) if line and after]
    if len(followed) < 3 or max(map(len, followed)) > _WRAP_WIDTH:
        return False
    width = max(map(len, followed))
    middle = sum(line[-1] not in _ENDS and len(line) * 5 > width * 3 for line in followed)
    return width > 30 and middle * 2 > len(followed)


def _unwrapped(lines: list[str]) -> list[str]:
    width = max(map(len, lines))
    joined: list[list[str]] = []
    previous = ""
    for line in lines:
        if not previous or not line or _starts_paragraph(line, previous, width):
            joined.append([line])
        elif previous[-1] == "-" and previous[-2:-1].isalpha():
            joined[-1].append(line.lstrip())
        else:
            joined[-1] += [" ", line.lstrip()]
        previous = line
    return ["".join(parts) for parts in joined]


def _starts_paragraph(line: str, previous: str, width: int) -> bool:
    """Indented deeper than the line before, or after a line that ends a sentence well before the margin."""
    indent, before = len(line) - len(line.lstrip()), len(previous) - len(previous.lstrip())
    return indent > before or (previous[-1] in _ENDS and len(previous) * 4 < width * 3)
