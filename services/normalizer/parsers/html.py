"""HTML with lxml: the article's paragraphs without the page around them, captions apart, metadata.

The container is chosen as Readability does: the text of paragraphs without their links counts for the parent.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from services.normalizer.decode import decode
from services.normalizer.draft import Draft
from services.normalizer.words import read_words
from shared.errors import RejectedError

_SNIFFED = 4096  # bytes in which a charset is declared (the HTML standard says 1024; pages disagree)
_CHARSET = re.compile(rb"<meta[^<>]{1,300}?charset\s{0,3}=\s{0,3}[\"']?([\w-]{2,40})|encoding=[\"']([\w-]{2,40})", re.I)
XML_DECLARATION = re.compile(r"\A\s{0,200}<\?xml[^<>]{0,300}\?>")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # libxml2 stops reading there
_WORDS = read_words("html.yml")
_INVISIBLE = frozenset(_WORDS["invisible"])
_DRAWN = frozenset(_WORDS["drawn"])
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_FURNITURE_TAGS = frozenset(_WORDS["furniture_tags"])
_FURNITURE_ROLES = frozenset(_WORDS["furniture_roles"])
_BLOCK_TAGS = frozenset(_WORDS["blocks"])
_GOES_ON = frozenset(_WORDS["goes_on"])
_DROPPED = "x-dropped"
_KEPT = frozenset({"html", "body", "main", "article"})


def _attribute_words(name: str) -> re.Pattern[str]:
    """Whole words of a class or id attribute: `related` in `box related-news`, not in `unrelated`."""
    words = "|".join(map(re.escape, _WORDS[name]))
    return re.compile(rf"(?:^|[\s_-])(?:{words})(?:$|[\s_-])", re.IGNORECASE)


_FURNITURE, _CAPTION, _BODY = map(_attribute_words, ("furniture", "captions", "bodies"))
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_ARTICLE_TYPES = re.compile(r"Article$|BlogPosting$|^Report")
_TIME_CLASS = re.compile(
    r"publish|entry-date|post(?:ed)?-?(?:on|date)|date-?published|pub-?date|dateline", re.IGNORECASE
)
_MANY_LINKS = 0.6
_ENOUGH = 140  # characters an <article> must have to be taken without comparing


def read(content: bytes, declared: str | None = None) -> Draft:
    """A whole page. Raises RejectedError when it has no text."""
    text, _ = decode(content, declared or declared_charset(content))
    root = _parse(text)
    about = _about(root)
    paragraphs, captions = _article(root)
    if not paragraphs:
        raise RejectedError("the HTML page has no text")
    aside = tuple(("caption", caption) for caption in captions)
    return replace(about, text="\n\n".join(paragraphs), aside=aside)


def read_fragment(markup: str) -> Draft:
    """A piece of HTML inside a feed, a JSON file or an e-mail: all of it is the article."""
    root = _parse(f"<html><body>{markup}</body></html>")
    _drop_unwanted(root, keeps_furniture=True)
    paragraphs, captions = _blocks(root)
    return Draft("\n\n".join(paragraphs), aside=tuple(("caption", caption) for caption in captions))


def declared_charset(content: bytes) -> str | None:
    """What a `<meta>` or an XML declaration near the top says."""
    match = _CHARSET.search(content[:_SNIFFED])
    return (match[1] or match[2]).decode("ascii") if match else None


def _about(root: HtmlElement) -> Draft:
    """What the page says about the article, without its text."""
    metadata = _Metadata(root)
    return Draft(
        text="",
        title=metadata.title(_only_h1(root)),
        dates=tuple(metadata.dates()),
        source=metadata.first("og:site_name", "application-name", "dc.publisher") or metadata.linked("publisher"),
        url=metadata.url(),
        credits=tuple(metadata.people()),
    )


def _parse(text: str) -> HtmlElement:
    parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    text = _NO_TEXT.sub("", XML_DECLARATION.sub("", text))
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise RejectedError(f"the HTML page cannot be read: {error}") from error
    # libxml2 stops there and says so in its log only.
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise RejectedError("the HTML page cannot be read to its end: its parts are nested too deeply")
    for line_break in root.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"  # the words around it are two
    return root


# --- metadata
class _Metadata:
    """`<meta>`, `<link>`, `<time>` and JSON-LD of a page."""

    def __init__(self, root: HtmlElement) -> None:
        self.root = root
        self.linked_data = list(_linked_data(root))
        self.meta: dict[str, str] = {}
        for element in root.iter("meta"):
            name = element.get("property") or element.get("name") or element.get("itemprop") or ""
            if name and (value := (element.get("content") or "").strip()):
                self.meta.setdefault(name.lower(), value)

    def first(self, *names: str) -> str | None:
        return next((self.meta[name] for name in names if name in self.meta), None)

    def linked(self, name: str) -> str | None:
        """A value of the JSON-LD article; of an object its name or address."""
        for record in self.linked_data:
            if text := _plain(record.get(name)):
                return text
        return None

    def title(self, heading: str | None) -> str | None:
        whole = self.root.findtext(".//title")
        given = self.first("og:title", "twitter:title", "dc.title") or self.linked("headline")
        if heading and (not given or heading.lower() in given.lower()):
            return heading
        return _without_site(given or whole, self.first("og:site_name"))

    def dates(self) -> Iterator[tuple[str, str]]:
        if written := self.linked("datePublished"):
            yield "json-ld", written
        for name in _WORDS["dates"]:
            if name in self.meta:
                yield "html-meta", self.meta[name]
        for element in self.root.iter("time"):
            marks = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
            if element.get("datetime") and (element.get("pubdate") is not None or _TIME_CLASS.search(marks)):
                yield "html-meta", element.get("datetime")

    def url(self) -> str | None:
        for link in self.root.iter("link"):
            if (link.get("rel") or "").lower() == "canonical" and link.get("href"):
                return str(link.get("href"))
        return self.first("og:url") or self.linked("url") or self.linked("mainEntityOfPage")

    def people(self) -> Iterator[str]:
        for record in self.linked_data:
            authors = record.get("author")
            for author in authors if isinstance(authors, list) else [authors]:
                name = _plain(author)
                if name and not name.startswith("http") and len(name) < 100:
                    yield name


def _linked_data(root: HtmlElement) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD that are articles."""
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            waiting = [json.loads(script.text or "")]
        except ValueError:
            continue  # a page with broken JSON-LD has its other metadata still
        while waiting:
            found = waiting.pop()
            if isinstance(found, list):
                waiting += reversed(found)
            elif isinstance(found, dict):
                waiting += [found["@graph"]] if "@graph" in found else []
                if _is_article(found.get("@type")):
                    yield found


def _is_article(kind: Any) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(one, str) and _ARTICLE_TYPES.search(one) for one in kinds)


def _plain(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("name") or value.get("@id") or value.get("url")
    return value.strip() or None if isinstance(value, str) else None


def _without_site(title: str | None, site: str | None) -> str | None:
    """`Clashes kill 99 | The Site` -> `Clashes kill 99`."""
    if not title or not title.strip():
        return None
    for mark in (" | ", " - ", " – ", " — ", " :: ", " « ", " » "):
        head, found, tail = title.rpartition(mark)
        if found and head.strip() and (tail.strip() == site or mark in (" | ", " :: ", " « ", " » ")):
            return head.strip()
    return title.strip()


def _only_h1(root: HtmlElement) -> str | None:
    headings = [text for h1 in root.iter("h1") if (text := _text(h1))]
    return headings[0] if len(headings) == 1 and len(headings[0].split()) > 2 else None


# --- body
def _article(root: HtmlElement) -> tuple[list[str], list[str]]:
    """Paragraphs and captions of the likeliest container; of the whole page if that holds next to nothing."""
    _drop_unwanted(root, keeps_furniture=True)
    whole = _blocks(root)
    _drop_unwanted(root, keeps_furniture=False)
    container = _container(root)
    found = _blocks(container)
    return found if _length(found[0]) * 4 > _length(whole[0]) or _length(found[0]) > 500 else whole


def _drop_unwanted(root: HtmlElement, *, keeps_furniture: bool) -> None:
    """By renaming and stripping: `drop_tree` chokes on texts with control characters."""
    for element in root.iter(etree.Element):
        if element.tag in _KEPT:
            continue
        if _is_invisible(element) or (not keeps_furniture and _is_furniture(element)):
            element.tag = _DROPPED
    etree.strip_elements(root, _DROPPED, with_tail=False)


def _is_invisible(element: HtmlElement) -> bool:
    return (
        (element.tag in _INVISIBLE and not _wraps_page(element))
        or (element.tag in _DRAWN and next(element.iterancestors("svg", "math"), None) is not None)
        or element.get("hidden") is not None
        or bool(_HIDDEN.search(element.get("style") or ""))
    )


def _wraps_page(element: HtmlElement) -> bool:
    """ASP.NET puts the whole page into one form."""
    return element.tag == "form" and next(element.iter("h1", "article", "main", "nav", "header"), None) is not None


def _is_furniture(element: HtmlElement) -> bool:
    if element.tag in _FURNITURE_TAGS or (element.get("role") or "").lower() in _FURNITURE_ROLES:
        return True
    marks = _marks(element)
    return bool(marks) and not _BODY.search(marks) and bool(_FURNITURE.search(marks))


def _marks(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".strip()[:300]


def _container(root: HtmlElement) -> HtmlElement:
    """What is marked as the article's body, else the parent of most of the text in paragraphs."""
    marked = [element for element in root.iter(etree.Element) if _is_marked_body(element)]
    best = max(marked, key=_weight, default=None)
    if best is not None and _weight(best) > _ENOUGH:
        return best
    articles = [*root.iter("article"), *root.iter("main")]
    best = max(articles, key=_weight, default=None)
    return best if best is not None and _weight(best) > _ENOUGH else _densest(root)


def _is_marked_body(element: HtmlElement) -> bool:
    return element.get("itemprop") == "articleBody" or bool(_BODY.search(_marks(element)))


def _densest(root: HtmlElement) -> HtmlElement:
    score: dict[HtmlElement, float] = {}
    for paragraph in root.iter("p", "pre", "blockquote"):
        weight = _weight(paragraph)
        parent = paragraph.getparent()
        grandparent = parent.getparent() if parent is not None else None
        for element, share in ((parent, 1.0), (grandparent, 0.5)):
            if element is not None and weight > 25:
                score[element] = score.get(element, 0.0) + weight * share
    if not score:
        body: HtmlElement | None = root.find(".//body")
        return root if body is None else body
    return max(score, key=score.__getitem__)


def _weight(element: HtmlElement) -> int:
    """Characters of text that are not links."""
    return len(_text(element)) - sum(len(_text(link)) for link in element.iter("a"))


def _text(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())


def _blocks(container: HtmlElement) -> tuple[list[str], list[str]]:
    """Text by block element, in order, captions apart. No recursion: pages nest as deep as they like."""
    collected = _Blocks()
    for event, element in etree.iterwalk(container, events=("start", "end")):
        if event == "start":
            collected.open(element)
        else:
            collected.close(element, keeps_tail=element is not container)
    collected.flush()
    return collected.paragraphs, collected.captions


class _Line:
    """Inline text up to a `<br>` that ends a sentence or a line of its own; `linked` characters of it are links."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.linked = 0

    def text(self) -> str:
        return " ".join("".join(self.parts).split())


class _Blocks:
    """Gathers inline text until a block begins or ends."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self.captions: list[str] = []
        self.lines = [_Line()]
        self.caption: HtmlElement | None = None
        self.link_depth = 0

    def open(self, element: HtmlElement) -> None:
        if element.tag in _BLOCK_TAGS:
            self.flush()
        if element.tag == "br" and element.getparent().tag not in _HEADINGS:
            self.lines.append(_Line())
        if self.caption is None and (element.tag == "figcaption" or _CAPTION.search(_marks(element))):
            self.flush()
            self.caption = element
        self.link_depth += element.tag == "a"
        self.add(element.text)

    def close(self, element: HtmlElement, *, keeps_tail: bool) -> None:
        if element.tag in _BLOCK_TAGS or element is self.caption:
            self.flush()
        if element is self.caption:
            self.caption = None
        self.link_depth -= element.tag == "a"
        if keeps_tail:
            self.add(element.tail)

    def add(self, text: str | None) -> None:
        if text:
            self.lines[-1].parts.append(text)
            self.lines[-1].linked += len(text) if self.link_depth else 0

    def flush(self) -> None:
        """A line of nothing but links is navigation, unless it is a sentence."""
        for line in _joined(self.lines):
            text = line.text()
            if text and (line.linked <= _MANY_LINKS * len(text) or text[-1] in '.!?"”’'):
                (self.paragraphs if self.caption is None else self.captions).append(text)
        self.lines = [_Line()]


def _joined(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Lines that a `<br>` cuts in mid-sentence are one; an empty line is the end of a paragraph."""
    whole, last = _Line(), ""
    for line in lines:
        text = line.text()
        if whole.parts and not _goes_on(last, text):
            yield whole
            whole = _Line()
        whole.parts += line.parts
        whole.linked += line.linked
        last = text
    yield whole


def _goes_on(line: str, following: str) -> bool:
    """Whether the sentence does: the next line begins in lower case, or this one ends with a comma or `near the`."""
    if not line or not following or line[-1] in ".!?…:;":
        return False
    return following[0].islower() or line[-1] == "," or line.rpartition(" ")[2] in _GOES_ON


def _length(paragraphs: Iterable[str]) -> int:
    return sum(map(len, paragraphs))
