"""Every format that is read in the parser process: good files, bad files, hostile files. All made here."""

import gzip
import io
import json
import re
import stat
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.normalizer.contents import open_file
from services.normalizer.formats import kind_of
from services.normalizer.limits import Limits
from services.normalizer.normalize import normalize
from services.normalizer.parsers import Item, Member, html, parse, unpack
from shared.errors import RejectedError
from shared.schemas import ArticleNormalized, ArticleReceived, FileSettled
from shared.schemas.article_received import Sidecar
from shared.schemas.ids import article_id

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TITLE = "Border clash kills three"
FIRST = "Armenia said three of its soldiers were killed on Tuesday near Tegh. Azerbaijan denied it."
SECOND = "The two sides blamed each other for the fighting along the border between the two countries."
PLAIN = f"{TITLE}\n\n{FIRST}\n\n{SECOND}"
BOMB_LIMITS = Limits(file_bytes=40_000_000, ratio=100, ratio_floor=100_000)


class InProcess:
    """Parses here: what the parser process does, without the process."""

    def parse(self, kind: Any, path: str, content: bytes, limits: Limits) -> list[Item]:
        return parse(kind, content, limits)

    def unpack(self, kind: Any, path: str, content: bytes, limits: Limits) -> list[Member]:
        return unpack(kind, path, content, limits)


def received(path: str, content: bytes, sidecar: Sidecar | None = None) -> ArticleReceived:
    stem = path.rpartition(".")[0] or path
    return ArticleReceived(
        article_id=article_id(content),
        version=3,
        path=path,
        stem=stem,
        size=len(content),
        content=content,
        sidecar=sidecar,
        received_at=NOW,
    )


def run(path: str, content: bytes, limits: Limits | None = None, sidecar: Sidecar | None = None) -> list[Any]:
    return normalize(received(path, content, sidecar), NOW, limits or Limits(), InProcess())


def article(path: str, content: bytes) -> ArticleNormalized:
    (message,) = run(path, content)
    assert isinstance(message, ArticleNormalized), message
    assert (message.path, message.article_id, message.version) == (path, article_id(content), 3)
    return message


def reason(path: str, content: bytes, limits: Limits | None = None) -> str:
    (message,) = run(path, content, limits)
    assert isinstance(message, FileSettled), message
    assert (message.state, message.path, message.article_id) == ("rejected", path, article_id(content))
    return message.reason


def rows(messages: list[Any]) -> dict[str, str]:
    """path -> `article` or the state and reason."""
    return {m.path: "article" if isinstance(m, ArticleNormalized) else f"{m.state}: {m.reason}" for m in messages}


def zipped(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# html
PAGE = f"""<!doctype html><html><head><meta charset="utf-8">
<title>{TITLE} | The Daily</title><meta property="og:title" content="{TITLE} | The Daily">
<meta property="og:site_name" content="The Daily"><link rel="canonical" href="https://daily.example/1">
<meta property="article:published_time" content="2022-09-14T08:00:00Z">
<script type="application/ld+json">{{"@context": "https://schema.org", "@graph": [{{"@type": "WebSite"}},
{{"@type": "NewsArticle", "datePublished": "2022-09-13T23:00:00+04:00", "author": [{{"name": "Jane Doe"}}]
}}]}}</script></head><body><nav><ul><li><a href="/">Home</a>
<li><a href="/war">All about the war</a></ul></nav>
<div class="cookie-notice">We use cookies for many good reasons, as you know.</div>
<header><h1>{TITLE}</h1></header><article>
<figure><img src="x"><figcaption>Soldiers near Tegh</figcaption></figure>
<p>Armenia said three of its soldiers were killed on Tuesday near <a href="/tegh">Tegh</a>. Azerbaijan
denied it.</p><div class="related-news"><h3>More</h3><ul><li><a href="/2">India and China</a></ul></div>
<p>{SECOND}</p><p style="display:none">Hidden words.</p><script>alert("x")</script></article>
<aside>Advertising here.</aside><footer>© 2022 The Daily</footer></body></html>"""


def test_html_page() -> None:
    found = article("a.html", PAGE.encode())
    assert found.body == PLAIN
    assert (found.title, found.source, found.url) == (TITLE, "The Daily", "https://daily.example/1")
    assert (found.published, found.published_from, found.credits) == ("2022-09-13", "json-ld", ("Jane Doe",))
    assert [(part.kind, part.text) for part in found.set_aside] == [("caption", "Soldiers near Tegh")]


@pytest.mark.parametrize(
    ("mark", "date"),
    [
        ('<meta property="article:published_time" content="2022-09-14T08:00:00Z">', "2022-09-14"),
        ('<meta name="DC.date.issued" content="2022-09-14">', "2022-09-14"),
        ('<time pubdate datetime="2022-09-14">', "2022-09-14"),
        ('<time itemprop="datePublished" datetime="2022-09-14">', "2022-09-14"),
        ('<time datetime="1994-05-12">the truce</time>', None),
        ('<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": </script>', None),
        (
            '<script type="application/ld+json">{"@type": "WebPage", "datePublished": "2022-09-14"}</script>',
            None,
        ),
    ],
)
def test_html_dates(mark: str, date: str | None) -> None:
    page = f"<html><body>{mark}<article><h1>{TITLE}</h1><p>{FIRST}</p><p>{SECOND}</p></article></body></html>"
    found = article("a.html", page.encode())
    assert (found.published, found.published_from) == (date, date and "html-meta")


def test_html_without_marks_takes_the_densest_part() -> None:
    links = "".join(f'<a href="/{at}">Another story of the day {at}</a> ' for at in range(40))
    middle = f"<div><p>{FIRST}</p><p>{SECOND}</p></div>"
    page = f"<html><body><div>{links}</div>{middle}<div>{links}</div></body></html>"
    assert article("a.html", page.encode()).body == f"{FIRST}\n\n{SECOND}"


def test_html_in_its_declared_charset() -> None:
    page = f'<html><head><meta charset="windows-1251"></head><body><p>{FIRST}</p><p>Ереван</p></body></html>'
    assert "Ереван" in article("a.html", page.encode("cp1251")).body


def test_html_is_known_by_content_and_text_stays_text() -> None:
    assert kind_of(PAGE.encode(), "a.txt") == "html"
    assert kind_of(b"5 < 6 and <b>bold</b> claims", "a.txt") == "text"
    assert article("a.txt", b"Three soldiers <script>alert(1)</script> were killed.").body.count("<script>") == 1


@pytest.mark.parametrize("page", ["<html></html>", "<html><body><script>x</script></body></html>"])
def test_html_without_text(page: str) -> None:
    assert reason("a.html", page.encode()) == "the HTML page has no text"


def test_html_nested_deeply() -> None:
    assert article("a.html", nested(1000)).body == PLAIN
    assert "nested too deeply" in reason("a.html", nested(100_000))
    feed = RSS.replace("Other</title><description>", f"Other</title><description>{'&lt;div>' * 3000}")
    assert [row.startswith("rejected") for row in rows(run("a.rss", feed.encode())).values()] == [False, True, False]


def test_a_page_in_one_form() -> None:
    letter = '<form id="sign-up"><p>Sign up for the letter of the day.</p><input></form>'
    page = f'<html><body><form id="all"><h1>{TITLE}</h1><p>{FIRST}</p>{letter}<p>{SECOND}</p></form></body></html>'
    assert article("a.html", page.encode()).body == PLAIN
    assert article("b.html", page.replace('<form id="all">', "").encode()).body == PLAIN


def nested(depth: int) -> bytes:
    """A page whose second paragraph is so deep; what is behind it must not be lost unsaid."""
    return f"<html><body><p>{TITLE}</p>{'<div>' * depth}{FIRST}{'</div>' * depth}<p>{SECOND}</p></body></html>".encode()


@pytest.mark.parametrize(
    ("markup", "paragraphs"),
    [
        ("<p>Two were wounded at Tegh<br>on Wednesday.</p>", ["Two were wounded at Tegh on Wednesday."]),
        ("<p>Two were wounded near<br/>\n Tegh,<br><b>Armenia</b>.</p>", ["Two were wounded near Tegh, Armenia."]),
        ("<p>Two were wounded.<br>one was killed.</p>", ["Two were wounded.", "one was killed."]),
        ("<p>Two were wounded<br><br>on Wednesday.</p>", ["Two were wounded", "on Wednesday."]),
        ("<p>Photo of the day<br>Two were wounded.</p>", ["Photo of the day", "Two were wounded."]),
        ("<h2>Two wounded<br>At the border</h2><p>They live.</p>", ["Two wounded At the border", "They live."]),
        ("<p>Two <svg/onload=f()> were wounded <b>near</b> Tegh.</p>", ["Two were wounded near Tegh."]),
        ("<p>Two <svg><title>x</title><text>y<tspan>z</tspan></text></svg>were wounded.</p>", ["Two were wounded."]),
        ("<p>Two <math><mi>x</mi><mo>+</mo></math>were wounded.</p>", ["Two were wounded."]),
        ('<p><a href="1">Home</a><br><a href="2">News</a><br>Two were wounded.</p>', ["Two were wounded."]),
    ],
)
def test_html_lines_and_drawings(markup: str, paragraphs: list[str]) -> None:
    assert html.read_fragment(markup).text.split("\n\n") == paragraphs


def test_a_heading_on_two_lines_is_a_title_of_two_words() -> None:
    page = f"<html><body><article><h1>Border clash<br>kills three men</h1><p>{FIRST}</p></article></body></html>"
    found = article("a.html", page.encode())
    assert (found.title, found.body) == ("Border clash kills three men", f"Border clash kills three men\n\n{FIRST}")


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "UTF-32", "idna", "punycode", "unicode_escape", "utf-7"])
def test_a_declared_charset_that_cannot_be_true(charset: str) -> None:
    words = "Armenia’s ministry said three soldiers were killed near Tegh + Goris on Tuesday."
    page = f'<html><head><meta charset="{charset}"></head><body><p>{words}</p></body></html>'
    found = article("a.html", page.encode())
    letter = article("a.eml", mail(words.encode(), "Subject: x", f"Content-Type: text/plain; charset={charset}"))
    assert (found.body, letter.body, found.flags, letter.flags) == (words, f"x\n\n{words}", (), ())


# e-mail
def mail(body: bytes, *headers: str) -> bytes:
    lines = [
        "From: The Daily <news@daily.example>",
        "Date: Tue, 13 Sep 2022 23:00:00 +0400",
        "MIME-Version: 1.0",
    ]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def test_plain_mail() -> None:
    body = f"{FIRST}\n\n{SECOND}".encode()
    found = article("a.eml", mail(body, f"Subject: Fwd: [news] {TITLE}", "Content-Type: text/plain; charset=utf-8"))
    assert (found.body, found.published, found.published_from) == (PLAIN, "2022-09-13", "email")
    assert (found.source, found.flags) == ("The Daily", ())


def test_mail_with_html_only_and_an_attachment() -> None:
    parts = (
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>"
        + FIRST.encode()
        + b"</p></body></html>\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\nxx\r\n--b--\r\n"
    )
    found = article("a.eml", mail(parts, f"Subject: {TITLE}", 'Content-Type: multipart/mixed; boundary="b"'))
    assert (found.body, found.flags) == (f"{TITLE}\n\n{FIRST}", ("attachments-not-read",))


def test_mail_without_text() -> None:
    assert "no text" in reason("a.eml", mail(b"xx", "Subject: x", "Content-Type: image/png"))


# docx
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(paragraphs: str, core: str = "", prefix: str = "") -> bytes:
    document = f"{prefix}<w:document {W}><w:body>{paragraphs}</w:body></w:document>"
    members: dict[str, bytes | str] = {"[Content_Types].xml": "<Types/>", "word/document.xml": document}
    return zipped(members | ({"docProps/core.xml": core} if core else {}))


def para(text: str, style: str = "") -> str:
    mark = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{mark}<w:r><w:t>{text}</w:t></w:r></w:p>"


CORE = (
    '<cp:p xmlns:cp="x" xmlns:dcterms="http://purl.org/dc/terms/"><dcterms:created>2022-09-13T10:00:00Z</dcterms:created>'
    "</cp:p>"
)


def test_docx() -> None:
    deleted = "<w:p><w:r><w:t>Kept.</w:t></w:r><w:del><w:r><w:delText>Gone.</w:delText></w:r></w:del></w:p>"
    found = article("a.docx", docx(para(TITLE, "Title") + para(FIRST) + para("Tegh", "Caption") + deleted, CORE))
    assert found.body == f"{TITLE}\n\n{FIRST}\n\nKept."
    assert (found.title, found.published, found.published_from) == (TITLE, "2022-09-13", "docx")
    assert [part.text for part in found.set_aside] == ["Tegh"]


def test_docx_with_entities_is_not_expanded() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    assert "not sound XML" in reason("a.docx", docx(para("&b; &f;"), prefix=laughs))


def test_docx_bomb_and_broken_docx() -> None:
    bomb = docx(para("a" * 5_000_000))
    assert "a bomb" in reason("a.docx", bomb, BOMB_LIMITS)
    assert "not sound XML" in reason("a.docx", docx("<w:p>"))
    assert "no document part" in reason("a.docx", zipped({"x/word/document.xml": "x"}))


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"xl/workbook.xml": "x"}, "an Excel workbook"),
        ({"ppt/presentation.xml": "x"}, "a PowerPoint file"),
        ({"META-INF/MANIFEST.MF": "x"}, "a Java archive"),
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, "an OpenDocument file"),
        ({"mimetype": "application/epub+zip"}, "an e-book"),
    ],
)
def test_other_office_files_are_named(members: dict[str, bytes | str], told: str) -> None:
    office = zipped(members, zipfile.ZIP_STORED)
    assert told in reason("a", office)
    around = run("b.zip", zipped({"a.txt": PLAIN, "office": office}, zipfile.ZIP_STORED))
    assert [told in row for row in rows(around).values()] == [False, True, False]


def test_a_docx_in_a_zip_that_does_not_compress() -> None:
    inner = zipped(
        {"[Content_Types].xml": "<Types/>", "word/document.xml": f"<w:document {W}>{para(FIRST)}</w:document>"}
    )
    found = rows(run("b.zip", zipped({"a.docx": inner, "b.txt": PLAIN}, zipfile.ZIP_STORED)))
    assert found == {"b.zip!/a.docx": "article", "b.zip!/b.txt": "article", "b.zip": "unpacked: holds 2 articles"}


def test_a_zip_behind_other_bytes_and_one_without_a_directory() -> None:
    office = zipped({"xl/workbook.xml": "x"})
    assert "an Excel workbook" in reason("a.zip", b"PK\x03\x04 before " + office)
    for end in (len(office) - 12, len(office) - 30, 40):
        assert "damaged" in reason("a.zip", office[:end])


# json
def test_ninjs() -> None:
    record = {
        "uri": "urn:x",
        "type": "text",
        "versioncreated": "2022-09-13T23:00:00+04:00",
        "headline": TITLE,
        "byline": "By Jane Doe",
        "body_html": f"<p>{FIRST}</p><p>{SECOND}</p>",
        "associations": {"main": {"type": "picture", "description_text": "Soldiers near Tegh"}},
    }
    found = article("a.json", json.dumps(record).encode())
    assert (found.body, found.published, found.published_from) == (PLAIN, "2022-09-13", "ninjs")
    assert found.credits == ("Jane Doe",)
    assert [part.text for part in found.set_aside] == ["Soldiers near Tegh"]


@pytest.mark.parametrize(
    ("record", "origin"),
    [
        ({"headlines": [{"role": "sub", "value": "x"}, {"role": "main", "value": TITLE}],
          "bodies": [{"value": f"<p>{FIRST}</p>"}], "firstcreated": "2022-09-13"}, "ninjs"),
        ({"@type": "Article", "headline": TITLE, "articleBody": FIRST, "datePublished": "2022-09-13"},
         "json-ld"),
        ({"title": TITLE, "text": FIRST, "date": 1663056000}, "json"),
        ({"title": TITLE, "content": FIRST, "publishedAt": 1663056000000}, "json"),
        ({"title": TITLE, "text": [FIRST], "published": "13 September 2022"}, "json"),
        ({"_source": {"title": TITLE, "body": FIRST, "pubDate": "Tue, 13 Sep 2022 10:00:00 GMT"}}, "json"),
    ],
)  # fmt: skip
def test_json_objects(record: dict[str, Any], origin: str) -> None:
    found = article("a.json", json.dumps(record).encode())
    assert (found.body, found.published, found.published_from) == (
        f"{TITLE}\n\n{FIRST}",
        "2022-09-13",
        origin,
    )


def test_json_lists_and_lines_are_several_articles() -> None:
    records = [{"title": TITLE, "text": FIRST}, {"x": 1}, 3, {"text": SECOND}, {"text": SECOND}]
    messages = run("a.json", json.dumps(records).encode(), sidecar=Sidecar(title="of all", source="The Daily"))
    assert list(rows(messages).values()) == [
        "article",
        "rejected: the JSON object has no text (body, text, content, articleBody, body_html, summary)",
        "rejected: it is not a JSON object",
        "article",
        "duplicate: same content as a.json!/4",
        "unpacked: holds 2 articles, 3 other files",
    ]
    assert (messages[0].title, messages[0].source, messages[0].stem) == (TITLE, "The Daily", "a-1")
    lines = "\n".join(map(json.dumps, [records[3], records[0]]))
    again = run("b.jsonl", lines.encode())
    assert {m.article_id for m in again[:2]} == {messages[0].article_id, messages[3].article_id}
    wrapped = run("c.json", json.dumps({"status": "ok", "articles": records[:1]}).encode())
    assert wrapped[0].article_id == messages[0].article_id


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a":', "not valid JSON"),
        (b"[]", "holds no article"),
        (b'{"title": "x"}', "has no text"),
        (b'[\n{"a": 1},\n{"a":', "neither valid JSON nor JSON Lines"),
        (b'{\n"a": [\n{"b": 1}\n]', "neither valid JSON nor JSON Lines"),
    ],
)
def test_json_that_is_no_article(content: bytes, told: str) -> None:
    assert told in reason("a.json", content)


def test_a_line_that_is_cut_off_costs_only_itself() -> None:
    record = json.dumps({"title": TITLE, "text": FIRST + "\u2028"}, ensure_ascii=False)
    digits = '{"text": ' + "9" * 5000 + "}"
    lines = [record, "", record[:40], digits, json.dumps({"text": SECOND}), record[:-2]]
    messages = run("a.jsonl", "\r\n".join(lines[:4] + lines[1:2] + lines[4:5]).encode())
    assert [row.partition(":")[0] for row in rows(messages).values()] == [
        "article",
        "rejected",
        "rejected",
        "article",
        "unpacked",
    ]
    assert [m.path for m in messages] == ["a.jsonl!/1", "a.jsonl!/2", "a.jsonl!/3", "a.jsonl!/4", "a.jsonl"]
    assert messages[1].reason.startswith("line 3 is not valid JSON at column 39: Unterminated string")
    assert messages[2].reason.startswith("line 4 is not valid JSON: Exceeds the limit")
    end = run("a.jsonl", "\n".join([lines[0], lines[5]]).encode())
    assert [type(m) for m in end] == [ArticleNormalized, FileSettled, FileSettled]
    assert end[1].reason.startswith("line 2 is not valid JSON")


def test_json_with_lone_surrogates_can_be_sent() -> None:
    found = article("a.json", b'{"text": "Three \\ud800 soldiers were killed."}')
    assert found.body.split() == ["Three", "soldiers", "were", "killed."]
    found.model_dump_json()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.json", b'{"text": "Three soldiers were killed.", "author": "Jo\\ud800hn"}'),
        (
            "a.html",
            b'<html><script type="application/ld+json">{"@type": "NewsArticle", "author": "Jo\\ud800hn"}'
            b"</script><p>Three soldiers were killed.</p></html>",
        ),
    ],
)
def test_bylines_with_lone_surrogates_can_be_sent(path: str, content: bytes) -> None:
    found = article(path, content)
    assert found.credits == ("John",)
    found.model_dump_json()


@pytest.mark.parametrize(
    ("number", "day"),
    [
        (20200712, "2020-07-12"),
        (20200712.0, "2020-07-12"),
        (20200712101500, "2020-07-12"),
        (1594512000, "2020-07-12"),
        (1594512000123, "2020-07-12"),
        *((number, None) for number in (20201399, 2020, 12345678, 99_999_999, 1, 0, -1594512000, 1e300, True)),
    ],
)
def test_a_number_is_a_date_only_where_it_cannot_be_anything_else(number: float, day: str | None) -> None:
    assert article("a.json", json.dumps({"text": FIRST, "date": number}).encode()).published == day


def test_lone_surrogates_end_neither_a_piece_of_html_nor_the_parser() -> None:
    content = b'{"body_html": "<p>Three \\ud800soldiers were killed.</p><p>Baku denied it.</p>"}'
    assert article("a.json", content).body == "Three soldiers were killed.\n\nBaku denied it."
    feed = "<rss><channel><item><title>&#xD800;</title><description>&#99999999999;</description></item></channel></rss>"
    assert "the feed is damaged" in reason("a.rss", feed.encode())


def test_too_many_articles_in_a_list() -> None:
    assert "more than the limit of 2" in reason("a.json", json.dumps([{"text": "x"}] * 3).encode(), Limits(members=2))


# feeds
RSS = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>The Daily</title>
<item><title>{TITLE}</title><link>https://daily.example/1</link>
<pubDate>Tue, 13 Sep 2022 23:00:00 +0400</pubDate>
<description>&lt;p&gt;{FIRST}&lt;/p&gt;&lt;p&gt;{SECOND}&lt;/p&gt;</description></item>
<item><title>Other</title><description>India said one soldier was killed.</description></item>
</channel></rss>"""


def test_rss() -> None:
    first, second, whole = run("a.rss", RSS.encode())
    assert (first.body, first.published, first.published_from) == (PLAIN, "2022-09-13", "rss")
    assert (first.source, first.url, first.path, first.stem) == (
        "The Daily", "https://daily.example/1", "a.rss!/1", "a-1"
    )  # fmt: skip
    assert second.title == "Other"
    assert (whole.state, whole.reason, whole.path) == ("unpacked", "holds 2 articles", "a.rss")
    moved = RSS.replace(f"<item><title>{TITLE}", f"<item><title>New</title></item><item><title>{TITLE}")
    assert run("b.rss", moved.encode())[1].article_id == first.article_id


def test_atom() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>The Daily</title><entry><title>'
        f"{TITLE}</title><updated>2022-09-13T23:00:00+04:00</updated><content>{FIRST}</content></entry></feed>"
    )
    found = run("a.xml", feed.encode())[0]
    assert (found.body, found.published) == (f"{TITLE}\n\n{FIRST}", "2022-09-13")


def test_an_empty_date_in_a_feed_is_none() -> None:
    feed = re.sub(r"<pubDate>[^<]*", "<pubDate>", RSS)
    assert feed != RSS
    first, second, _ = run("a.rss", feed.encode())
    assert (first.published, second.published) == (None, None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1251"])
def test_feeds_in_other_encodings(encoding: str) -> None:
    feed = RSS.replace('"1.0"', f'"1.0" encoding="{encoding.removesuffix("-sig")}"').replace(
        "India said", "Ереван said"
    )
    found = run("a.rss", feed.encode(encoding))
    assert [message.article_id for message in found[:1]] == [run("b.rss", RSS.encode())[0].article_id]
    assert "Ереван" in found[1].body


def test_hostile_feeds() -> None:
    laughs = RSS.replace("<rss", '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY f SYSTEM "file:///etc/passwd">]><rss')
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        assert "entities" in reason("a.rss", laughs.encode(encoding))
    assert "no entries" in reason("a.rss", b"<rss version='2.0'><channel></channel></rss>")
    assert "more than the limit of 1" in reason("a.rss", RSS.encode(), Limits(members=1))


# pdf
def pdf(text: str, *, created: str = "D:20220913230000+04'00'") -> bytes:
    """A PDF of one page by hand: Helvetica, one line a row of `text`."""
    drawn = "".join(f"({line}) Tj T* " for line in text.split("\n"))
    stream = f"BT /F1 12 Tf 14 TL 50 700 Td {drawn}ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Title ({TITLE}) /CreationDate ({created}) >>".encode(),
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def test_pdf() -> None:
    text = "Three soldiers of the country were kil-\nled near the village on Tuesday in a cease-\nfire breach."
    found = article("a.pdf", pdf(text))
    assert found.title == TITLE
    assert "were killed near the village on Tuesday in a cease-fire breach." in found.body.replace("\n\n", " ")
    assert (found.published, found.published_from) == ("2022-09-13", "pdf")


def test_bad_pdfs() -> None:
    assert "no text: a scan" in reason("a.pdf", pdf(""))
    assert "damaged" in reason("a.pdf", b"%PDF-1.4 nothing")
    assert "limit of 10" in reason("a.pdf", pdf("Three soldiers were killed."), Limits(text_chars=10))


def test_pdf_with_a_password() -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Three soldiers."))))
    writer.encrypt("secret", algorithm="RC4-40")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert "protected by a password" in reason("a.pdf", buffer.getvalue())


# archives
def test_gz_is_its_one_file() -> None:
    found, whole = run("a.txt.gz", gzip.compress(PLAIN[:60].encode()) + gzip.compress(PLAIN[60:].encode()))
    assert (found.path, found.stem, found.body) == ("a.txt.gz!/a.txt", "a", PLAIN)
    assert found.article_id == article_id(PLAIN.encode())
    assert whole.state == "unpacked"


def test_a_sidecar_beside_a_gz_is_its_members() -> None:
    sidecar = Sidecar(title="Other title", published="2022-09-13")
    found = run("a.txt.gz", gzip.compress(PLAIN.encode()), sidecar=sidecar)[0]
    assert (found.title, found.published) == ("Other title", "2022-09-13")
    assert found.article_id != article_id(PLAIN.encode())


def test_zip_of_articles_with_sidecars() -> None:
    meta = b'{"published": "2022-09-13", "unknown": 1}'
    messages = run(
        "b.zip",
        zipped(
            {
                "dir/a.txt": PLAIN,
                "dir/a.meta.json": meta,
                "same.txt": PLAIN,
                "again.txt": PLAIN,
                "page.html": PAGE,
                "junk.bin": bytes(range(256)) * 9,
                "bad.txt": "Three soldiers.",
                "bad.meta.json": "[1]",
                "lost.meta.json": "{}",
                "whole.txt": SECOND + FIRST,
                "whole.txt.meta.json": '{"published": "2022-09-12"}',
                "whole.meta.json": '{"published": "2022-09-11"}',
                "packed.txt.gz": gzip.compress(FIRST.encode()),
                "packed.meta.json": '{"published": "2022-09-10"}',
                "__MACOSX/._a.txt": b"x",
                "in.zip": zipped({"c.txt": SECOND, "deep.zip": zipped({"d.txt": FIRST})}),
            }
        ),
    )
    assert rows(messages) == {
        "b.zip!/dir/a.txt": "article",
        "b.zip!/same.txt": "article",
        "b.zip!/again.txt": "duplicate: same content as b.zip!/same.txt",
        "b.zip!/page.html": "article",
        "b.zip!/junk.bin": "rejected: not an article: it is binary data, not text",
        "b.zip!/bad.txt": "rejected: the sidecar is not a JSON object",
        "b.zip!/lost.meta.json": "rejected: a sidecar without its article",
        "b.zip!/whole.txt": "article",
        "b.zip!/whole.meta.json": "rejected: a sidecar without its article",
        "b.zip!/packed.txt.gz!/packed.txt": "article",
        "b.zip!/in.zip!/c.txt": "article",
        "b.zip!/in.zip!/deep.zip": "rejected: containers are nested deeper than the limit of 1",
        "b.zip": "unpacked: holds 6 articles, 6 other files",
    }
    dates = {message.stem: message.published for message in messages if isinstance(message, ArticleNormalized)}
    assert (messages[0].stem, dates["a"]) == ("a", "2022-09-13")
    assert (dates["whole"], dates["packed"]) == ("2022-09-12", "2022-09-10")
    assert messages[0].article_id == article_id(PLAIN.encode(), meta)
    assert messages[1].article_id == article_id(PLAIN.encode())


@pytest.mark.parametrize("name", [".", "..meta.json", "dir/.", ".meta.json", "dir/.txt"])
def test_zip_names_that_are_hardly_any(name: str) -> None:
    found = rows(run("b.zip", zipped({name: FIRST, "a.txt": PLAIN})))
    assert found[f"b.zip!/{name}"].startswith(("article", "rejected: "))
    assert found["b.zip!/a.txt"] == "article"


def test_lost_sidecars_come_in_the_same_order_in_every_process() -> None:
    lost = [f"{at}.meta.json" for at in range(9)]
    messages = run("b.zip", zipped({"a.txt": PLAIN} | dict.fromkeys(reversed(lost), "{}")))
    assert [message.path for message in messages[1:-1]] == [f"b.zip!/{name}" for name in lost]


def test_zip_with_nothing_but_rubbish_is_rejected_itself() -> None:
    assert rows(run("b.zip", zipped({"a.png": b"\x89PNG\r\n"})))["b.zip"] == "rejected: holds 0 articles, 1 other files"
    assert reason("b.zip", zipped({})) == "there is no article in the archive"


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "C:/evil.txt", "a/../../evil.txt", "..\\evil.txt"])
def test_zip_paths_that_lead_out(name: str) -> None:
    found = rows(run("b.zip", zipped({name: PLAIN, "good.txt": PLAIN})))
    assert found["b.zip!/good.txt"] == "article"
    assert [told for told in found.values() if told == "rejected: its path points out of the archive"]


def test_zip_names_that_are_cut_at_nul_and_links() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("nul_x.txt", PLAIN)
    found = rows(run("b.zip", buffer.getvalue().replace(b"nul_x", b"nul\0x")))
    assert found["b.zip!/link.txt"] == "rejected: it is a symbolic link"
    assert found["b.zip!/nul"] == "rejected: its path points out of the archive"


def test_zip_with_a_password() -> None:
    content = bytearray(zipped({"a.txt": PLAIN}))
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    content[local + 6] |= 1
    content[central + 8] |= 1
    assert rows(run("b.zip", bytes(content)))["b.zip!/a.txt"] == "rejected: it is encrypted with a password"


def test_bombs() -> None:
    zeros = b"0" * 10_000_000
    assert "more than 100 times its size" in reason("a.gz", gzip.compress(zeros), BOMB_LIMITS)
    packed = rows(run("b.zip", zipped({"a.txt": zeros, "b.txt": PLAIN}), BOMB_LIMITS))
    assert packed["b.zip!/a.txt"] == "rejected: it unpacks to more than 100 times its size, the limit: a bomb"
    assert packed["b.zip!/b.txt"] == "article"


def test_the_unpacked_size_of_all_members_together() -> None:
    limits = Limits(unpacked_bytes=1_000_000, ratio=10**9)
    told = "unpacked it is larger than the limit of 1000000 bytes"
    words = b"Three soldiers. " * 25_000
    assert reason("a.gz", gzip.compress(words * 3), limits) == told
    packed = rows(run("b.zip", zipped({f"{at}.txt": b"%d" % at + words for at in range(4)}), limits))
    assert [packed[f"b.zip!/{at}.txt"] for at in range(4)] == ["article"] * 2 + [f"rejected: {told}"] * 2


def test_other_limits_of_archives() -> None:
    small = Limits(file_bytes=1000)
    assert "1200 bytes, more than the limit of 1000" in reason("a.gz", gzip.compress(b"ab" * 600), small)
    packed = zipped({"a.txt": b"ab" * 600})
    assert "1200 bytes, more than the limit of 1000" in rows(run("b.zip", packed, small))["b.zip!/a.txt"]
    many = zipped({f"{at}.txt": "x" for at in range(4)})
    assert "4 files, more than the limit of 3" in reason("b.zip", many, Limits(members=3))


def test_a_zip_that_lies_about_sizes() -> None:
    content = zipped({"a.txt": b"0" * 3_000_000})
    lying = content.replace((3_000_000).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    assert lying != content
    told = rows(run("b.zip", lying, BOMB_LIMITS))["b.zip!/a.txt"]
    assert told.startswith("rejected: it cannot be unpacked")


def test_damaged_archives() -> None:
    assert "damaged: it ends too early" in reason("a.gz", gzip.compress(PLAIN.encode())[:-12])
    assert "damaged" in reason("a.gz", b"\x1f\x8b\x08\0" + b"\xff" * 40)
    assert "damaged" in reason("b.zip", zipped({"a.txt": PLAIN})[:60])
    content = bytearray(zipped({"a.txt": PLAIN, "b.txt": SECOND}))
    content[45] ^= 0xFF
    found = rows(run("b.zip", bytes(content)))
    assert found["b.zip!/a.txt"].startswith("rejected: it cannot be unpacked")
    assert found["b.zip!/b.txt"] == "article"


def test_the_container_as_a_whole_has_its_seconds() -> None:
    ticks = iter(range(0, 1000, 40))

    opened = open_file(
        received("b.zip", zipped({"a.html": PAGE, "b.html": PAGE + " "})),
        Limits(),
        InProcess(),
        lambda: next(ticks),
    )
    assert [document.reason for document in opened.documents] == [
        "",
        "its container took longer than the limit of 60 seconds",
    ]


@pytest.mark.parametrize("kind", ["html", "eml", "pdf", "docx", "json", "feed"])
@given(data=st.data())
@settings(max_examples=60)
def test_damaged_files_are_read_or_rejected(kind: Any, data: st.DataObject) -> None:
    """Whatever a few changed or missing bytes do to a file: articles or a reason, never anything else."""
    whole = {
        "html": PAGE.encode(),
        "eml": mail(FIRST.encode(), "Subject: x", "Content-Type: text/plain; charset=utf-8"),
        "pdf": pdf(FIRST),
        "docx": docx(para(TITLE, "Title") + para(FIRST), CORE),
        "json": json.dumps({"title": TITLE, "text": FIRST, "date": "2022-09-13", "author": ["x"]}).encode(),
        "feed": RSS.encode(),
    }[kind]
    content = bytearray(whole)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=6)):
        content[at] = value
    del content[data.draw(st.integers(len(content) // 2, len(content))) :]
    try:
        items = parse(kind, bytes(content), Limits())
    except (RejectedError, RecursionError, MemoryError, zlib.error):
        return
    assert all(item.draft is not None or item.reason for item in items)


# Hypothesis leaves lone surrogates out of its texts; JSON has escapes for them.
texts = st.lists(st.characters() | st.sampled_from("\ud800\udfff"), max_size=10).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["title", "body", "text", "date", "author", "associations", "bodies", "articles"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
records = st.fixed_dictionaries(
    {"text": texts.map(FIRST.__add__)},
    optional=dict.fromkeys(["title", "date", "author", "source", "url", "associations"], values | texts),
)


@given(value=values | records)
@settings(max_examples=300)
def test_any_json_value_is_read_or_rejected(value: Any) -> None:
    for message in run("a.json", json.dumps(value).encode()):
        message.model_dump_json()
