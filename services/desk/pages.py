"""The pages: made here, whole, without scripts. Whatever an article says, the templates escape it."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.desk.marks import Marked, paragraphs
from services.desk.sources import Sources
from shared.store.holdings import Holdings
from shared.store.listing import Wanted, article_rows, articles_of, incident, listed
from shared.store.port import Hit, IndexStore

TEMPLATES = Path(__file__).parent / "templates"
PAGE = 25
_HITS = 20
_RECENT = 8
_NOTHING = {"q": ""}


def router(sources: Sources) -> APIRouter:
    """`/`, `/incidents/ID`, `/articles/ID`."""
    made = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    environment = _environment(sources.names)

    def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(environment.get_template(name).render(values), status)

    @made.get("/")
    def home(
        held: Annotated[Holdings, Depends(sources.read)],
        q: Annotated[str, Query(max_length=2000)] = "",
        dyad: Annotated[str, Query(max_length=200)] = "",
        side: Annotated[str, Query(max_length=100)] = "",
        since: Annotated[str, Query(max_length=10)] = "",
        after: Annotated[str, Query(max_length=19)] = "",
    ) -> Response:
        asked = {"q": q.strip(), "dyad": dyad.strip(), "side": side.strip(), "since": since.strip()}
        store = held.index
        if asked["q"]:
            return page("search.html", asked=asked, **_found(store, asked["q"]))
        problem, wanted = _wanted(asked)
        found = list(islice(listed(store, "incidents", wanted, after=after), PAGE + 1))
        return page(
            "incidents.html",
            asked=asked,
            problem=problem,
            incidents=[placed.body for placed in found[:PAGE]],
            older=found[PAGE - 1].cursor if len(found) > PAGE else None,
            count=store.count("incidents"),
            alerts=[placed.body for placed in islice(listed(store, "alerts", Wanted()), _RECENT)],
        )

    @made.get("/incidents/{incident_id}")
    def one_incident(incident_id: str, held: Annotated[Holdings, Depends(sources.read)]) -> Response:
        store = held.index
        found = incident(store, incident_id)
        if found is None:
            return page("missing.html", 404, asked=_NOTHING, what="incident")
        if found["incident_id"] != incident_id:
            return RedirectResponse(f"/incidents/{found['incident_id']}", status_code=308)
        articles = list(articles_of(store, found))
        alerts = store.scan("alerts", {"incident_id": incident_id})
        return page("incident.html", asked=_NOTHING, one=found, articles=articles, alerts=list(alerts))

    @made.get("/articles/{article_id}")
    def one_article(article_id: str, held: Annotated[Holdings, Depends(sources.read)]) -> Response:
        store = held.index
        found = store.get("articles", article_id)
        if found is None or found.get("status") == "withdrawn":
            return page("missing.html", 404, asked=_NOTHING, what="article")
        marked = list(paragraphs(found["body"], _marks(found)))
        text = marked[1:] if found["title"] else marked
        [one] = article_rows(store, [found])
        return page("article.html", asked=_NOTHING, one=one, paragraphs=text)

    return made


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


def _wanted(asked: Mapping[str, str]) -> tuple[str, Wanted]:
    """What is asked for, and what is wrong with it."""
    dyad, side = asked["dyad"].upper() or None, asked["side"] or None
    side = side.upper() if side and len(side) == 2 else side
    try:
        since = date.fromisoformat(asked["since"]) if asked["since"] else None
    except ValueError:
        return f"“{asked['since']}” is not a day (YYYY-MM-DD).", Wanted(dyad, side)
    return "", Wanted(dyad, side, since)


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
