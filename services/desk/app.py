"""The desk: an HTTP API and pages over the index. It only reads."""

from collections.abc import Awaitable, Callable, Collection
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

from services.desk import api, health, pages
from services.desk.sources import Sources
from shared.errors import TransientError

Answer = Callable[[Request], Awaitable[Response]]

STATIC = Path(__file__).parent / "static"
_LOCAL = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to

# No script runs and nothing is loaded from elsewhere, whatever an article managed to bring along.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def build(sources: Sources, host: str) -> FastAPI:
    """The application; it answers to names of this machine, and to all where it listens on all addresses."""
    app = FastAPI(
        title="Clashwatch",
        version=version("clashwatch"),
        description="Border-clash incidents, the articles behind them, and who says so.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(api.router(sources), prefix="/api/v1")
    app.include_router(health.router(sources))
    app.include_router(pages.router(sources))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    if host not in _EVERYWHERE:
        # Without this a page elsewhere could read the desk under a name of its own (DNS rebinding).
        app.middleware("http")(_only_as({*_LOCAL, host.lower()}))
    app.middleware("http")(_with_headers)
    app.add_exception_handler(TransientError, _not_now)
    return app


def _only_as(names: Collection[str]) -> Callable[[Request, Answer], Awaitable[Response]]:
    """Requests under any other name are refused. Starlette's own check takes `[::1]:8000` for a host `[`."""

    async def checked(request: Request, answer: Answer) -> Response:
        if host_of(request.headers.get("host", "")) in names:
            return await answer(request)
        return PlainTextResponse("Invalid host header", 400)

    return checked


def host_of(header: str) -> str:
    """The name or address of a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


async def _not_now(request: Request, error: Exception) -> Response:
    """The index does not answer, or there is none yet."""
    retry = {"Retry-After": "5"}
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": str(error)}, 503, retry)
    return PlainTextResponse(f"This cannot be shown now: {error}\n", 503, retry)


async def _with_headers(request: Request, answer: Answer) -> Response:
    response = await answer(request)
    response.headers.update(HEADERS)
    return response
