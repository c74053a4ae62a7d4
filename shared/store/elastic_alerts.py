"""The alerter's memory in Elasticsearch, and which alerts went out where."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from elasticsearch import ConflictError as Conflict
from elasticsearch import Elasticsearch

from shared.errors import ConflictError
from shared.schemas.alert_raised import Notified
from shared.store.elastic_client import fetch, translated
from shared.store.elastic_documents import document_id
from shared.store.elastic_index import ArrivalClock
from shared.store.elastic_templates import write_alias
from shared.store.port import Sending

_PAGE = 500
_TRIES = 5


class ElasticAlertStore:
    """An `AlertStore` and a `SendingStore`. All but `sendings` reads by id and is exact at once."""

    def __init__(self, client: Elasticsearch, prefix: str = "") -> None:
        self._client = client
        self._notified, self._sendings, self._lengths = (
            write_alias(f"{prefix}state-{name}") for name in ("notified", "sendings", "lengths")
        )
        self._arrivals = ArrivalClock()

    def notified(self, incident_id: str) -> list[Notified]:
        """One row a subscriber."""
        found = fetch(self._client, self._notified, document_id(incident_id))
        rows = found["_source"]["rows"] if found else {}
        return [Notified.model_validate(row) for _, row in sorted(rows.items())]

    def remember(self, notified: Notified) -> None:
        """Replaces the subscriber's row for the incident."""
        row = notified.model_dump(mode="json", exclude_defaults=True)

        def changed(source: Mapping[str, Any]) -> dict[str, Any]:
            rows = {**source.get("rows", {}), notified.subscriber: row}
            return {"incident_id": notified.incident_id, "rows": rows}

        self._change(self._notified, notified.incident_id, changed)

    def sending(self, alert_id: str, channel: str) -> Sending | None:
        """The alert's row on the channel, if it came that far."""
        found = fetch(self._client, self._sendings, document_id(_sending_id(alert_id, channel)))
        return _sending(found["_source"]) if found else None

    def record(self, sending: Sending) -> None:
        """Replaces the alert's row on the channel."""

        def changed(source: Mapping[str, Any]) -> dict[str, Any]:
            return {
                "alert_id": sending.alert_id,
                "channel": sending.channel,
                "state": sending.state,
                "tries": sending.tries,
                "sent_at": _text(sending.sent_at),
                "next_try": _text(sending.next_try),
                "reason": sending.reason,
                "order": source.get("order") or self._arrivals.next(),
            }

        self._change(self._sendings, _sending_id(sending.alert_id, sending.channel), changed)

    def sendings(self, alert_id: str | None = None) -> Iterator[Sending]:
        """All rows, or those of one alert, oldest first."""
        query = {"match_all": {}} if alert_id is None else {"term": {"alert_id": alert_id}}
        with translated():
            self._client.indices.refresh(index=self._sendings)
        after = None
        while True:
            with translated():
                hits = self._client.search(
                    index=self._sendings, query=query, sort=[{"order": "asc"}], search_after=after, size=_PAGE
                )["hits"]["hits"]
            yield from (_sending(hit["_source"]) for hit in hits)
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]

    def file_length(self, path: str) -> int | None:
        """Bytes of an alerts file known to be written; None when the file is new to the store."""
        found = fetch(self._client, self._lengths, document_id(path))
        return int(found["_source"]["length"]) if found else None

    def save_file_length(self, path: str, length: int) -> None:
        """Remembers it."""
        with translated():
            self._client.index(
                index=self._lengths,
                id=document_id(path),
                document={"path": path, "length": length},
                require_alias=True,
            )

    def _change(self, index: str, doc_id: str, changed: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        """Reads, changes and writes unless somebody else did in between: then again."""
        for _ in range(_TRIES):
            found = fetch(self._client, index, document_id(doc_id))
            guard: dict[str, Any] = {"op_type": "create"}
            if found:
                guard = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
            body = changed(found["_source"] if found else {})
            try:
                with translated():
                    self._client.index(index=index, id=document_id(doc_id), document=body, require_alias=True, **guard)
            except Conflict:
                continue
            return
        raise ConflictError(f"{doc_id} is being saved by somebody else")


def _sending_id(alert_id: str, channel: str) -> str:
    return f"{alert_id}@{channel}"


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _sending(source: Mapping[str, Any]) -> Sending:
    return Sending(
        alert_id=source["alert_id"],
        channel=source["channel"],
        state=source["state"],
        tries=source["tries"],
        sent_at=_moment(source["sent_at"]),
        next_try=_moment(source["next_try"]),
        reason=source["reason"],
    )
