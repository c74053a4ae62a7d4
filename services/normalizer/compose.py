"""From a draft to the article: clean text, title, sentences, date, language, signature."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.normalizer import boilerplate, published
from services.normalizer.characters import repair
from services.normalizer.credits import credits_of
from services.normalizer.draft import Draft
from services.normalizer.language import language_of
from services.normalizer.layout import paragraphs
from services.normalizer.limits import Limits
from services.normalizer.sentences import split
from services.normalizer.signature import signature
from shared.errors import RejectedError
from shared.schemas import edtf
from shared.schemas.article_normalized import Sentence, SetAside
from shared.schemas.article_received import Sidecar

# "By our correspondent in Dalnerechensk", "From Helen Marchant in Dubossary", "By a staff writer"
_WRITER = re.compile(r"(?:By|BY|From|FROM) (?:our|a|[A-Z])[^.!?]{2,60}")
_TITLE_CHARS, _TITLE_WORDS = 250, 35
_DATELINE_AMONG = 3  # paragraphs; further down a place with a date is a heading
_NOT_A_TITLE_END = frozenset(".:;,…")
_ABBREVIATED_END = re.compile(r"(?:\b[A-Z]\.){2,6}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}")
_DAMAGED = "\ufffd"


@dataclass(frozen=True, slots=True)
class Composed:
    """The fields of an article that come from its text; see `ArticleNormalized`."""

    title: str | None
    body: str
    sentences: tuple[Sentence, ...]
    published: str | None
    published_from: str | None
    source: str | None
    url: str | None
    credits: tuple[str, ...]
    language: str
    signature: str
    set_aside: tuple[SetAside, ...]
    flags: tuple[str, ...]


def compose(draft: Draft, sidecar: Sidecar | None, received: date, limits: Limits) -> Composed:
    """`received` is the day the file came. Raises RejectedError when nothing is left to read or a limit is passed."""
    sidecar = sidecar or Sidecar()
    text = _within(repair(draft.text), limits)
    sifted = boilerplate.sift(paragraphs(text))
    title, rest = _title_and_rest(sidecar.title or draft.title, sifted)
    if not rest:
        raise RejectedError(_why_empty(text))
    body, sentences = _body(title, rest, limits)
    stated = _stated_dates(sidecar, draft, sifted.facts, rest)
    day, origin, flags = _publication(stated, received + timedelta(days=1))
    language = _declared(sidecar) or language_of("\n".join([*rest, title or ""]))
    flags += ["not-english"] * (language not in {"en", "und"}) + ["damaged-text"] * (_DAMAGED in body)
    return Composed(
        title=title,
        body=body,
        sentences=sentences,
        published=day,
        published_from=origin,
        source=_clean(sidecar.source or draft.source or _first(sifted.facts, "source")),
        url=_clean(sidecar.url or draft.url),
        credits=credits_of(map(_clean, draft.credits), sifted, rest),
        language=language,
        signature=signature("\n".join(rest)),
        set_aside=(*_marked_aside(draft), *sifted.aside),
        flags=tuple(dict.fromkeys([*draft.flags, *flags])),
    )


def _marked_aside(draft: Draft) -> Iterator[SetAside]:
    for kind, words in draft.aside:
        yield SetAside.model_validate({"kind": kind, "text": repair(words)})


def _within(text: str, limits: Limits) -> str:
    if len(text) > limits.text_chars:
        raise RejectedError(f"the text has {len(text)} characters; the limit is {limits.text_chars}")
    return text


def _why_empty(text: str) -> str:
    if not text.strip():
        return "no article text: the file is empty"
    if not any(map(str.isalnum, text)):
        return "no article text: the file holds no words"
    return "no article text: nothing is left without page furniture, captions and credits"


# title
def _title_and_rest(given: str | None, sifted: boilerplate.Sifted) -> tuple[str | None, list[str]]:
    """The title and the paragraphs below it; the title's repetitions at the top are set aside."""
    lines = sifted.kept
    title = _clean(given) or _headline(lines)
    rest = [line for line in lines if line and not _is_rule(line, sifted)]
    while title and rest and _same(rest[0], title):
        repeated = rest.pop(0)
        if repeated != title:
            sifted.put_aside("boilerplate", repeated)
    if rest or not title:
        return title, rest
    return None, [title] if any(map(str.isalnum, title)) else []


def _is_rule(line: str, sifted: boilerplate.Sifted) -> bool:
    """`* * *` and `___` between parts of a page."""
    is_rule = not any(map(str.isalnum, line))
    if is_rule:
        sifted.put_aside("boilerplate", line)
    return is_rule


def _headline(lines: list[str]) -> str | None:
    """The first line if it looks like a headline: short, no stop at its end, apart from the text or over a byline."""
    filled = [at for at, line in enumerate(lines) if line][:2]
    if len(filled) < 2 or not _looks_like_headline(lines[filled[0]]):
        return None
    first, below = (lines[at] for at in filled)
    apart = filled[1] > filled[0] + 1 or (len(below) > len(first) and below[-1] in '.!?"”’')
    return first if apart or _WRITER.fullmatch(below) else None


def _looks_like_headline(line: str) -> bool:
    if len(line) > _TITLE_CHARS or len(line.split()) > _TITLE_WORDS:
        return False
    return line[-1] not in _NOT_A_TITLE_END or bool(_ABBREVIATED_END.search(line))


def _same(one: str, other: str) -> bool:
    return one == other or [*filter(str.isalnum, one.lower())] == [*filter(str.isalnum, other.lower())]


# body
def _body(title: str | None, rest: list[str], limits: Limits) -> tuple[str, tuple[Sentence, ...]]:
    blocks = [title, *rest] if title else rest
    sentences: list[Sentence] = []
    for sentence in _sentences(blocks, has_title=title is not None):
        sentences.append(sentence)
        if len(sentences) > limits.sentences:
            raise RejectedError(f"the text has more sentences than the limit of {limits.sentences}")
    return "\n\n".join(blocks), tuple(sentences)


def _sentences(blocks: Iterable[str], *, has_title: bool) -> Iterator[Sentence]:
    offset = 0
    for at, block in enumerate(blocks):
        is_title = has_title and at == 0
        for start, end in [(0, len(block))] if is_title else split(block):
            yield Sentence(start=offset + start, end=offset + end, paragraph=at, role="title" if is_title else "body")
        offset += len(block) + 2


# date
def _publication(stated: Iterable[tuple[str, str]], last: date) -> tuple[str | None, str | None, list[str]]:
    """EDTF, its origin and flags; the first origin with a clear date, and none after the `last` possible, wins."""
    flags: list[str] = []
    for origin, written in stated:
        try:
            found = published.to_edtf(written)
        except published.AmbiguousDateError:
            flags.append("ambiguous-date")
            continue
        if found and not _is_after(found, last):
            return found, origin, flags
        if found:
            flags.append("future-date")
        elif origin == "sidecar":
            flags.append("bad-sidecar-date")
    return None, None, flags


def _is_after(written: str, last: date) -> bool:
    """Whether a day or an end of the interval cannot be `last` or earlier; content systems write 9999-12-31."""
    return any(possible[0] > last for part in written.split("/") if (possible := edtf.bounds(part)))


def _stated_dates(
    sidecar: Sidecar, draft: Draft, facts: dict[str, list[str]], rest: list[str]
) -> Iterator[tuple[str, str]]:
    if sidecar.published is not None:
        yield "sidecar", sidecar.published
    yield from draft.dates
    for written in facts.get("published", []):
        yield "text", written
    if dateline := published.of_dateline(rest[:_DATELINE_AMONG]):
        yield "text", dateline
    for written in facts.get("updated", []):
        yield "text", written


# what else is known
def _declared(sidecar: Sidecar) -> str | None:
    match = _LANGUAGE.match(sidecar.language or "")
    return match[0].lower() if match else None


def _first(facts: dict[str, list[str]], name: str) -> str | None:
    return next(iter(facts.get(name, [])), None)


def _clean(value: str | None) -> str | None:
    """One line, no more than a title's worth."""
    return " ".join(repair(value[:1000]).split()) or None if value else None
