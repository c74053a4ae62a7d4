"""The pages: what an analyst finds on them, and that a hostile article stays text."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html

from services.desk.app import STATIC
from services.desk.pages import PAGE, web
from shared.schemas import ArticleWithdrawn, FileSettled, IncidentChanged
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.front_rig import (
    ARTICLE,
    ATTACK,
    INCIDENT,
    NOW,
    article,
    desk_client,
    incident,
    put,
)

LISTS = ("/", "/articles", "/alerts", "/files")
WITHOUT_ARTICLES = ("/incidents/none", "/?dyad=AM-x&since=x")
PAGES = (*LISTS, f"/incidents/{INCIDENT}", f"/articles/{ARTICLE}", "/?q=script", *WITHOUT_ARTICLES)
LANDMARKS = ("header", "main", "footer")


def page(client: httpx.Client, path: str) -> Any:
    return html.fromstring(client.get(path).text)


def words(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())


def test_the_first_page_shows_incidents_with_tolls_by_side(client: httpx.Client) -> None:
    home = page(client, "/")
    cards = home.xpath("//li[@class='card']")
    assert len(cards) == 3
    [one] = [words(card) for card in cards if "2020-07-12" in words(card)]
    assert "Armenia – Azerbaijan" in one
    assert "year inferred" in one
    assert "Azerbaijan killed 2 4 4" in one
    assert "Tavush" in one


def test_an_incident_shows_who_says_so_and_leads_to_the_sentence(client: httpx.Client) -> None:
    [link] = page(client, "/?since=2020-07-01").xpath("//li[@class='card']//h2/a/@href")
    shown = page(client, link)
    claims = words(shown.xpath("//table[@class='claims']")[0])
    assert "Azerbaijan’s Defense Ministry" in claims
    assert "none" in claims
    for name in ("Toll by side", "Who says so", "Timeline", "Places", "Articles", "Background the articles retell"):
        assert name in [words(heading) for heading in shown.xpath("//h2")]
    assert "30,000" in words(shown.xpath("//section[contains(@class, 'background')]")[0])
    assert "30,000" not in claims
    [target, *_] = shown.xpath("//table[@class='claims']//a/@href")
    path, _, anchor = target.partition("#")
    article = page(client, path)
    [mark] = article.xpath(f"//span[@id='{anchor}']/following-sibling::mark[1]")
    assert mark.get("class") == "evidence"
    quoted = words(shown.xpath("//table[@class='claims']//q")[0])
    assert words(mark) in quoted


def test_an_incident_of_an_article_that_was_withdrawn_is_shown(tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        store = SqliteIndexStore(database)
        for message in (article(), IncidentChanged(incident=incident())):
            put(store, message)
        put(store, ArticleWithdrawn(article_id=ARTICLE, version=2, path="a", reason="the file changed"))
    with desk_client(tmp_path) as client:
        assert client.get(f"/incidents/{INCIDENT}").status_code == 200


def test_the_search_finds_articles_and_marks_words(client: httpx.Client) -> None:
    found = page(client, "/?q=Jermuk")
    assert {words(mark) for mark in found.xpath("//ol[@class='hits']//mark")} == {"Jermuk"}
    assert "No article has these words" in words(page(client, "/?q=zzz"))


@pytest.mark.parametrize("path", [*LISTS, f"/incidents/{INCIDENT}", f"/articles/{ARTICLE}"])
def test_a_page_answers_who_asks_for_its_head(path: str, attacked: httpx.Client) -> None:
    answer = attacked.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == attacked.get(path).headers["Content-Length"]


def test_every_list_is_in_the_header(client: httpx.Client) -> None:
    assert tuple(page(client, "/").xpath("//header/nav/a/@href")) == LISTS


@pytest.mark.parametrize(("path", "word"), [("/?dyad=nonsense", "dyad"), ("/files?state=x", "none of waiting")])
def test_what_cannot_be_is_said_so_and_shows_nothing(path: str, word: str, client: httpx.Client) -> None:
    shown = page(client, path)
    assert word in words(shown.xpath("//*[@role='alert']")[0])
    assert not shown.xpath("//li[@class='card'] | //tbody")
    assert "yet" not in words(shown.xpath("//main")[0])
    assert not any(letter.isdigit() for letter in words(shown.xpath("//h1")[0]))


def test_a_list_that_is_narrowed_to_nothing_does_not_say_that_there_is_nothing_yet(client: httpx.Client) -> None:
    shown = page(client, "/?dyad=AM-GE")
    assert words(shown.xpath("//h1")[0]) == "Incidents 0"
    assert "No incident matches" in words(shown)
    assert "None match" in words(page(client, "/files?state=rejected"))


@pytest.mark.parametrize("dyad", ["KG-TJ", "tj-kg"])
def test_a_dyad_is_found_however_it_is_written(dyad: str, client: httpx.Client) -> None:
    assert len(page(client, f"/?dyad={dyad}").xpath("//li[@class='card']")) == 1


def test_a_dyad_with_a_name_is_found(attacked: httpx.Client) -> None:
    assert len(page(attacked, "/?dyad=x-am").xpath("//li[@class='card']")) == 1


def test_articles_alerts_and_files_are_listed(client: httpx.Client) -> None:
    assert len(page(client, "/articles").xpath("//ol[@class='hits']/li")) == 5
    alerts = page(client, "/alerts?kind=escalation").xpath("//ol[@class='changes']/li")
    assert {alert.get("class") for alert in alerts} == {"escalation"}
    assert alerts[0].xpath(".//q")
    files = page(client, "/files").xpath("//table[@class='files']/tbody/tr")
    assert [words(row)[:3] for row in files] == ["000", "001", "002", "003", "004"]
    assert client.get(files[0].xpath(".//a/@href")[0]).status_code == 200


@pytest.mark.parametrize("after", ["9" * 19, "-5", "x"])
def test_a_place_that_is_none_is_no_mistake(after: str, client: httpx.Client) -> None:
    assert [client.get(path, params={"after": after}).status_code for path in LISTS] == [200] * len(LISTS)


def test_rejected_files_are_shown_with_the_reason_a_page_at_a_time(tmp_path: Path) -> None:
    with closing(Database(tmp_path)) as database:
        for number in range(PAGE + 1):
            one = FileSettled(path=f"{number:02}.txt", state="rejected", reason=f"reason {number}", settled_at=NOW)
            put(SqliteIndexStore(database), one)
    with desk_client(tmp_path) as client:
        first = page(client, "/files?state=rejected")
        [more] = first.xpath("//a[@rel='next']/@href")
        second = page(client, more)
    shown = [words(row) for part in (first, second) for row in part.xpath("//tbody/tr")]
    assert shown == [f"{number:02}.txt rejected reason {number}" for number in range(PAGE + 1)]


def test_a_day_that_is_none_is_said_so(client: httpx.Client) -> None:
    [problem] = page(client, "/?since=May").xpath("//*[@role='alert']")
    assert "“May” is not a day" in words(problem)


@pytest.mark.parametrize("path", PAGES)
def test_whatever_an_article_says_stays_text(path: str, attacked: httpx.Client) -> None:
    answer = attacked.get(path)
    document = html.fromstring(answer.text)
    tags = {element.tag for element in document.iter() if isinstance(element.tag, str)}
    assert not tags & {"script", "img", "iframe", "object", "embed", "base", "style", "svg"}
    for element in document.iter():
        assert not any(name.startswith("on") or name == "style" for name in element.attrib)
    addresses = document.xpath("//@href | //@src | //@action")
    assert all(re.match(r"/|#|https://www\.geonames\.org/", address) for address in addresses)
    if path not in WITHOUT_ARTICLES:
        assert "<script>alert(1)</script>" in document.text_content()


@pytest.mark.parametrize(
    "query", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", ATTACK]
)
@pytest.mark.parametrize("path", ["/", "/files", "/alerts"])
@pytest.mark.parametrize("name", ["q", "dyad", "side", "since", "after", "state", "kind"])
def test_whatever_a_query_says_stays_text(path: str, name: str, query: str, attacked: httpx.Client) -> None:
    query = query[:50]
    answer = attacked.get(
        path, params={name: query[:19] if name == "after" else query[:10] if name == "since" else query}
    )
    assert answer.status_code == 200
    document = html.fromstring(answer.text)
    assert not document.xpath("//script | //img")
    assert "49" not in document.text_content()


@pytest.mark.parametrize("path", [*PAGES, "/static/desk.css", "/api/v1/incidents", "/livez"])
def test_no_script_runs_and_nothing_comes_from_elsewhere(path: str, attacked: httpx.Client) -> None:
    headers = attacked.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "http" not in (STATIC / "desk.css").read_text()


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_made_for_readers_of_all_kinds(path: str, attacked: httpx.Client) -> None:
    document = page(attacked, path)
    assert document.get("lang") == "en"
    assert document.xpath("//title")[0].text_content().endswith("Clashwatch")
    assert len(document.xpath("//h1")) == 1
    for landmark in LANDMARKS:
        assert len(document.xpath(f"//body/{landmark}")) == 1
    assert document.xpath("//body/a[1]/@href") == ["#main"]
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    for table in document.xpath("//table"):
        assert table.xpath("caption")
        assert all(cell.get("scope") for cell in table.xpath(".//th"))
    for field in document.xpath("//input"):
        assert field.xpath("ancestor::label") or document.xpath(f"//label[@for='{field.get('id')}']")
    for labelled in document.xpath("//@aria-labelledby"):
        assert labelled in ids


def test_the_style_knows_light_and_dark() -> None:
    style = (STATIC / "desk.css").read_text()
    assert "prefers-color-scheme: dark" in style
    assert ":focus-visible" in style


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/", "https://a.example/"),
        ("http://a.example/", "http://a.example/"),
        ("javascript:alert(1)", None),
        (" https://a.example/", None),
        ("data:text/html,x", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url: str | None, shown: str | None) -> None:
    assert web(url) == shown
