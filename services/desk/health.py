"""`/livez`, `/readyz`, `/metrics`."""

import sqlite3

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from services.desk.sources import Sources
from shared.errors import RejectedError, TransientError
from shared.metrics import StoredMetrics


def router(sources: Sources) -> APIRouter:
    """The three."""
    made = APIRouter(tags=["health"])
    stored = CollectorRegistry()
    stored.register(StoredMetrics(sources.opened))

    @made.get("/livez")
    def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @made.get("/readyz", responses={503: {"description": "the index cannot be read"}})
    def readyz(response: Response) -> dict[str, str]:
        """The index can be read."""
        try:
            with sources.opened() as held:
                held.index.count("incidents")
        except (TransientError, RejectedError, sqlite3.DatabaseError, OSError) as error:
            response.status_code = 503
            return {"status": "not ready", "reason": str(error)}
        return {"status": "ok"}

    @made.get("/metrics")
    def metrics() -> Response:
        """For Prometheus; the list of names is in shared/metrics.py."""
        text = generate_latest(sources.metrics.registry) + generate_latest(stored)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return made
