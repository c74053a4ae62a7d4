"""`/api/v1`: the rows of the outside contract, a page at a time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from pydantic.json_schema import SkipJsonSchema

from services.desk.sources import Sources
from shared.schemas import AlertRaised, ArticleAnalyzed, DeadLetter
from shared.schemas.article_normalized import Sentence
from shared.schemas.article_tagged import Border, Mention
from shared.schemas.incident import Incident
from shared.store.holdings import Holdings
from shared.store.listing import Wanted, article_rows, check_query, incident, listed, narrowed
from shared.store.port import IndexName, IndexStore, Placed

MOST = 500
# More than any store counts to, and no more than a database takes.
_LAST_PLACE = 2**62

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=MOST, description="rows a page")]
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before")]
Dyad = Annotated[str | None, Query(max_length=200, examples=["AM-AZ"])]
Side = Annotated[str | None, Query(max_length=100, examples=["AM"])]
State = Annotated[str | None, Query(max_length=50)]


class Article(ArticleAnalyzed):
    """An article's document: `id` is its stem, `incidents` those it tells of. What can be had again from the text is
    not kept."""

    id: str
    incidents: list[str]
    status: Literal["live"]
    sentences: SkipJsonSchema[tuple[Sentence, ...]] = ()
    mentions: SkipJsonSchema[tuple[Mention, ...]] = ()
    borders: SkipJsonSchema[tuple[Border, ...]] = ()


class Listed(Incident):
    """An incident's document."""

    article_ids: list[str]


class File(BaseModel):
    """The end a dropped file came to. `first_seen` and `size` (bytes) are known where the feeder's registry is at
    hand."""

    path: str
    state: str
    reason: str
    article_id: str | None
    settled_at: datetime | None
    first_seen: datetime | None
    size: int | None


class Alert(AlertRaised):
    """`sent_at` is when it went to the channels."""

    sent_at: datetime | None


class Letter(DeadLetter):
    """`status` is waiting, replayed or dropped."""

    status: str


class Found(Article):
    """A hit: its rank (`rank_score`, higher is better) and excerpts as HTML with `<mark>`."""

    rank_score: float
    highlights: list[str]


class Incidents(BaseModel):
    """A page; `next` is null on the last one."""

    items: list[Listed]
    next: str | None


class Articles(BaseModel):
    """A page; `next` is null on the last one."""

    items: list[Article]
    next: str | None


class Alerts(BaseModel):
    """A page; `next` is null on the last one."""

    items: list[Alert]
    next: str | None


class Files(BaseModel):
    """A page; `next` is null on the last one."""

    items: list[File]
    next: str | None


class Letters(BaseModel):
    """A page; `next` is null on the last one."""

    items: list[Letter]
    next: str | None


class Hits(BaseModel):
    """A page; `next` is null on the last one."""

    items: list[Found]
    next: str | None


def router(sources: Sources) -> APIRouter:
    """The routes. Documents go out as they are stored; the models are for the description."""
    made = APIRouter()
    _lists(made, sources)
    _single(made, sources)
    _others(made, sources)
    return made


def _lists(made: APIRouter, sources: Sources) -> None:
    @made.get("/incidents", responses=_model(Incidents))
    def incidents(
        held: Annotated[Holdings, Depends(sources.read)],
        dyad: Dyad = None,
        side: Side = None,
        since: date | None = None,
        state: State = None,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Response:
        """Incidents, the newest first."""
        return _page(held.index, "incidents", _wanted("incidents", dyad, side, since, state), limit, cursor)

    @made.get("/articles", responses=_model(Articles))
    def articles(
        held: Annotated[Holdings, Depends(sources.read)],
        dyad: Dyad = None,
        side: Side = None,
        since: date | None = None,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Response:
        """Articles, clash or not, the newest first."""
        return _page(held.index, "articles", _wanted("articles", dyad, side, since), limit, cursor)

    @made.get("/alerts", responses=_model(Alerts))
    def alerts(
        held: Annotated[Holdings, Depends(sources.read)],
        dyad: Dyad = None,
        since: date | None = None,
        kind: State = None,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Response:
        """Alerts, the newest first."""
        return _page(held.index, "alerts", _wanted("alerts", dyad, None, since, kind), limit, cursor)

    @made.get("/dead-letters", responses=_model(Letters))
    def dead_letters(
        held: Annotated[Holdings, Depends(sources.read)],
        state: State = None,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Response:
        """Messages no stage could process, the newest first."""
        return _page(held.index, "dead-letters", _wanted("dead-letters", state=state), limit, cursor)


def _single(made: APIRouter, sources: Sources) -> None:
    @made.get("/incidents/{incident_id}", responses=_model(Listed) | _missing())
    def one_incident(incident_id: str, held: Annotated[Holdings, Depends(sources.read)]) -> Response:
        """The incident an id stands for now: a merged one answers with the one it went into."""
        found = incident(held.index, incident_id)
        if found is None:
            raise HTTPException(404, "there is no such incident")
        where = f"/api/v1/incidents/{found['incident_id']}"
        return JSONResponse(found, headers={"Content-Location": where})

    @made.get("/articles/{article_id}", responses=_model(Article) | _missing())
    def one_article(article_id: str, held: Annotated[Holdings, Depends(sources.read)]) -> Response:
        """An article by its id."""
        store = held.index
        found = store.get("articles", article_id)
        if found is None or found.get("status") == "withdrawn":
            raise HTTPException(404, "there is no such article")
        return JSONResponse(article_rows(store, [found])[0])


def _others(made: APIRouter, sources: Sources) -> None:
    @made.get("/search", responses=_model(Hits))
    def search(
        q: Annotated[str, Query(max_length=2000, description="words, phrases, -not, dyad:AM-AZ")],
        held: Annotated[Holdings, Depends(sources.read)],
        limit: Limit = 20,
        cursor: Cursor = "",
    ) -> Response:
        """Full text over articles, best first."""
        _asked(check_query, q)
        store, offset = held.index, _number(cursor)
        hits = store.search(q, limit=limit + 1, offset=offset)
        rows = article_rows(store, [hit.body for hit in hits[:limit]])
        items = [
            row | {"rank_score": hit.score, "highlights": hit.highlights}
            for row, hit in zip(rows, hits[:limit], strict=True)
        ]
        return JSONResponse({"items": items, "next": _cursor(offset + limit) if len(hits) > limit else None})

    @made.get("/files", responses=_model(Files))
    def files(
        held: Annotated[Holdings, Depends(sources.read)],
        state: State = None,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Response:
        """Every dropped file and the end it came to, by path."""
        offset, wanted = _number(cursor), _wanted("files", state=state)
        found = list(islice(sources.file_rows(held, wanted.state), offset, offset + limit + 1))
        more = _cursor(offset + limit) if len(found) > limit else None
        return JSONResponse({"items": found[:limit], "next": more})

    @made.get("/export.{name}", responses=_exports(sources))
    def export(name: str, dyad: Dyad = None, side: Side = None, since: date | None = None) -> Response:
        """Incidents for other people's tools."""
        if name not in sources.formats:
            raise HTTPException(404, f"the formats are {', '.join(sources.formats)}")
        media_type, suffix = sources.formats[name]
        headers = {"Content-Disposition": f'attachment; filename="clashwatch-{name}.{suffix}"'}
        written = _exported(sources, name, _wanted("incidents", dyad, side, since))
        pieces = chain([next(written, "")], written)
        return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _exported(sources: Sources, name: str, wanted: Wanted) -> Iterator[str]:
    """On a connection of its own, which has to last until the last piece is sent."""
    with sources.opened() as held:
        held.index.count("incidents")  # an index that does not answer is to say so before the first piece
        yield from sources.export(name, held.index, wanted, datetime.now(UTC))


def _wanted(index: IndexName, *narrowing: Any, **more: Any) -> Wanted:
    return _asked(narrowed, index, *narrowing, **more)


def _asked(check: Callable[..., T], *arguments: Any, **more: Any) -> T:
    """422 for what cannot be asked for, in the form of all such answers."""
    try:
        return check(*arguments, **more)
    except ValueError as error:
        raise RequestValidationError([{"type": "value_error", "loc": ("query",), "msg": str(error)}]) from None


def _page(store: IndexStore, index: IndexName, wanted: Wanted, limit: int, cursor: str) -> Response:
    after = str(_number(cursor)) if cursor else ""
    placed = listed(store, index, wanted, after=after)
    found = list(islice(placed, limit + 1))
    return JSONResponse({"items": _bodies(found[:limit]), "next": _next(found, limit)})


def _bodies(found: Iterable[Placed]) -> list[dict[str, Any]]:
    return [placed.body for placed in found]


def _next(found: list[Placed], limit: int) -> str | None:
    return _cursor(int(found[limit - 1].cursor)) if len(found) > limit else None


def _cursor(place: int) -> str:
    return urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _number(cursor: str) -> int:
    """The place a cursor stands for; 0 for none."""
    if not cursor:
        return 0
    try:
        place = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")[:19]
    except ValueError:
        place = ""
    if not place.isdigit():
        raise HTTPException(400, "this is no cursor of ours")
    return min(int(place), _LAST_PLACE)


def _model(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}}


def _missing() -> dict[int | str, dict[str, Any]]:
    return {404: {"description": "there is no such thing"}}


def _exports(sources: Sources) -> dict[int | str, dict[str, Any]]:
    media_types: dict[str, Any] = {media_type.partition(";")[0]: {} for media_type, _ in sources.formats.values()}
    return {200: {"content": media_types}, **_missing()}
