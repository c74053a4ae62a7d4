"""The pages: made here, whole, without scripts. Whatever an article says, the templates escape it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.desk.marks import Marked, paragraphs
from services.desk.sources import Sources
from shared.store.holdings import Holdings
from shared.store.listing import STATES, Wanted, article_rows, articles_of, incident, listed, narrowed
from shared.store.port import Hit, IndexName, IndexStore

TEMPLATES = Path(__file__).parent / "templates"
PAGE = 25
_HITS = 20
_RECENT = 8
_LAST_PLACE = 10**18
_NOTHING = {"q": ""}
_METHODS = ["GET", "HEAD"]

Dyad = Annotated[str, Query(max_length=200)]
State = Annotated[str, Query(max_length=50)]
Since = Annotated[str, Query(max_length=10)]
After = Annotated[str, Query(max_length=19)]


class Page(Protocol):
    """Renders a template."""

    def __call__(self, name: str, status: int = 200, **values: Any) -> Response:
        """`values` are what the template shows."""


def router(sources: Sources) -> APIRouter:
    """The lists `/`, `/articles`, `/alerts`, `/files`, and `/incidents/ID`, `/articles/ID`."""
    made = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    environment = _environment(sources.names)

    def page(name: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(environment.get_template(name).render({"asked": _NOTHING} | values), status)

    _home(made, sources, page)
    _lists(made, sources, page)
    _single(made, sources, page)
    return made


def _home(made: APIRouter, sources: Sources, page: Page) -> None:
    @made.api_route("/", methods=_METHODS)
    def home(
        held: Annotated[Holdings, Depends(sources.read)],
        q: Annotated[str, Query(max_length=2000)] = "",
        dyad: Dyad = "",
        side: Annotated[str, Query(max_length=100)] = "",
        since: Since = "",
        after: After = "",
    ) -> Response:
        store = held.index
        if q.strip():
            return page("search.html", asked={"q": q.strip()}, **_found(store, q.strip()))
        asked = _stripped(dyad=dyad, side=side, since=since)
        shown = _listing(store, "incidents", asked, after)
        return page(
            "incidents.html",
            asked=asked,
            shown=shown,
            count=_count(store, shown, after),
            alerts=[placed.body for placed in islice(listed(store, "alerts", Wanted()), _RECENT)],
        )


def _lists(made: APIRouter, sources: Sources, page: Page) -> None:
    @made.api_route("/articles", methods=_METHODS)
    def articles(
        held: Annotated[Holdings, Depends(sources.read)],
        dyad: Dyad = "",
        side: Annotated[str, Query(max_length=100)] = "",
        since: Since = "",
        after: After = "",
    ) -> Response:
        asked = _stripped(dyad=dyad, side=side, since=since)
        return page("articles.html", asked=asked, shown=_listing(held.index, "articles", asked, after))

    @made.api_route("/alerts", methods=_METHODS)
    def alerts(
        held: Annotated[Holdings, Depends(sources.read)],
        dyad: Dyad = "",
        kind: State = "",
        since: Since = "",
        after: After = "",
    ) -> Response:
        asked = _stripped(dyad=dyad, state=kind, since=since)
        shown = _listing(held.index, "alerts", asked, after)
        return page("alerts.html", asked=asked, shown=shown, kinds=STATES["alerts"])

    @made.api_route("/files", methods=_METHODS)
    def files(held: Annotated[Holdings, Depends(sources.read)], state: State = "", after: After = "") -> Response:
        asked = _stripped(state=state)
        return page("files.html", asked=asked, shown=_files(sources, held, asked, after), states=STATES["files"])


def _single(made: APIRouter, sources: Sources, page: Page) -> None:
    @made.api_route("/incidents/{incident_id}", methods=_METHODS)
    def one_incident(incident_id: str, held: Annotated[Holdings, Depends(sources.read)]) -> Response:
        store = held.index
        found = incident(store, incident_id)
        if found is None:
            return page("missing.html", 404, what="incident")
        if found["incident_id"] != incident_id:
            return RedirectResponse(f"/incidents/{found['incident_id']}", status_code=308)
        alerts = store.scan("alerts", {"incident_id": incident_id})
        return page("incident.html", one=found, articles=articles_of(store, found), alerts=list(alerts))

    @made.api_route("/articles/{article_id}", methods=_METHODS)
    def one_article(article_id: str, held: Annotated[Holdings, Depends(sources.read)]) -> Response:
        store = held.index
        found = store.get("articles", article_id)
        if found is None or found.get("status") == "withdrawn":
            return page("missing.html", 404, what="article")
        marked = list(paragraphs(found["body"], _marks(found)))
        text = marked[1:] if found["title"] else marked
        [one] = article_rows(store, [found])
        return page("article.html", one=one, paragraphs=text)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a list: where the next one begins, and what is wrong with what was asked for."""

    rows: Sequence[Mapping[str, Any]] = ()
    older: str | None = None
    narrowed: bool = True
    problem: str = ""


def _listing(store: IndexStore, index: IndexName, asked: Mapping[str, str], after: str) -> Shown:
    """The newest first."""
    try:
        wanted = _wanted(index, asked)
    except ValueError as error:
        return Shown(problem=f"{error}.")
    found = list(islice(listed(store, index, wanted, after=after), PAGE + 1))
    older = found[PAGE - 1].cursor if len(found) > PAGE else None
    return Shown([placed.body for placed in found[:PAGE]], older, wanted != Wanted())


def _count(store: IndexStore, shown: Shown, after: str) -> int | None:
    """How many incidents there are of what was asked for, where that is known without reading all."""
    if not shown.narrowed:
        return store.count("incidents")
    return None if shown.problem or shown.older or after else len(shown.rows)


def _files(sources: Sources, held: Holdings, asked: Mapping[str, str], after: str) -> Shown:
    """By path; the place of the next page is a number."""
    try:
        wanted = _wanted("files", asked)
    except ValueError as error:
        return Shown(problem=f"{error}.")
    start = min(int(after), _LAST_PLACE) if after.isascii() and after.isdigit() else 0
    found = list(islice(sources.file_rows(held, wanted.state), start, start + PAGE + 1))
    return Shown(found[:PAGE], str(start + PAGE) if len(found) > PAGE else None, wanted != Wanted())


def _stripped(**asked: str) -> dict[str, str]:
    return {"q": ""} | {name: text.strip() for name, text in asked.items()}


def _environment(names: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["name"] = lambda side: names.get(side, side)
    environment.filters["days"] = days
    environment.filters["web"] = web
    return environment


def days(one: Mapping[str, Any]) -> str:
    """The days of an incident as EDTF, or the word for none."""
    start, end = one["date_start"], one["date_end"]
    if not start:
        return "date unknown"
    return str(start) if end in (None, start) else f"{start} to {end}"


def web(url: str | None) -> str | None:
    """The address, where it is one to follow: an article may bring along `javascript:`."""
    return url if url and url.startswith(("http://", "https://")) else None


def _wanted(index: IndexName, asked: Mapping[str, str]) -> Wanted:
    """Raises ValueError saying what is wrong with what is asked for."""
    text = asked.get("since")
    try:
        since = date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"“{text}” is not a day (YYYY-MM-DD)") from None
    return narrowed(index, asked.get("dyad"), asked.get("side"), since, asked.get("state"))


def _found(store: IndexStore, query: str) -> dict[str, Any]:
    incidents = [hit.body for hit in store.search(query, index="incidents", limit=_HITS)]
    hits = store.search(query, limit=_HITS)
    rows = article_rows(store, [hit.body for hit in hits])
    articles = [row | {"excerpts": _excerpts(hit)} for row, hit in zip(rows, hits, strict=True)]
    return {"incidents": incidents, "articles": articles}


def _excerpts(hit: Hit) -> list[Markup]:
    """The store has escaped all but its own marks."""
    return [Markup(text) for text in hit.highlights]  # noqa: S704 - see above


def _marks(article: Mapping[str, Any]) -> Iterator[Marked]:
    for report in article["reports"]:
        for evidence in (*report["evidence"], *(claim["evidence"] for claim in report["claims"])):
            yield Marked(evidence["start"], evidence["end"], "evidence")
    for span in article["background"]:
        yield Marked(span["start"], span["end"], "background")
