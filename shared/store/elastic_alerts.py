"""The alerter's memory in Elasticsearch, and which alerts went out where."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from elasticsearch import ConflictError as Conflict
from elasticsearch import Elasticsearch

from shared.errors import ConflictError
from shared.schemas.alert_raised import Notified
from shared.store.elastic_bulk import write_all
from shared.store.elastic_client import fetch, fetch_many, translated
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
        self._gathered: _Gathered | None = None

    @contextmanager
    def batch(self, incident_ids: Collection[str] = ()) -> Iterator[None]:
        """What is remembered inside is written when the block ends, in one request, and is known here before; nothing
        of it when the block raises. `incident_ids` are those that will be asked for, as far as that is known.

        Raises ConflictError when another remembered something of the same incidents first, TransientError when it could
        not be written now.
        """
        ids = list(dict.fromkeys(incident_ids))
        found = fetch_many(self._client, [(self._notified, document_id(one)) for one in ids])
        self._gathered = gathered = _Gathered({one: _rows(it) for one, it in zip(ids, found, strict=True)})
        try:
            yield
        finally:
            self._gathered = None
        self._write(gathered.changed)

    def notified(self, incident_id: str) -> list[Notified]:
        """One row a subscriber."""
        rows = self._rows(incident_id).rows
        return [Notified.model_validate(row) for _, row in sorted(rows.items())]

    def remember(self, notified: Notified) -> None:
        """Replaces the subscriber's row for the incident."""
        if self._gathered is None:
            with self.batch():
                self.remember(notified)
            return
        known = self._rows(notified.incident_id)
        row = notified.model_dump(mode="json", exclude_defaults=True)
        rows = _Rows({**known.rows, notified.subscriber: row}, known.guard)
        self._gathered.changed[notified.incident_id] = rows

    def _rows(self, incident_id: str) -> "_Rows":
        if self._gathered is None:
            return self._read(incident_id)
        changed, read = self._gathered.changed, self._gathered.read
        if incident_id not in changed and incident_id not in read:
            read[incident_id] = self._read(incident_id)
        return changed.get(incident_id) or read[incident_id]

    def _read(self, incident_id: str) -> "_Rows":
        return _rows(fetch(self._client, self._notified, document_id(incident_id)))

    def _write(self, changed: Mapping[str, "_Rows"]) -> None:
        lines: list[dict[str, Any]] = []
        for incident_id, known in changed.items():
            place = {"_index": self._notified, "_id": document_id(incident_id)}
            lines.append({"index": place | known.guard} if known.guard else {"create": place})
            lines.append({"incident_id": incident_id, "rows": known.rows})
        write_all(self._client, lines)

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


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is remembered of an incident, and where it was read (None: nothing was)."""

    rows: Mapping[str, Any]
    guard: dict[str, int] | None


def _rows(found: Mapping[str, Any] | None) -> _Rows:
    if found is None:
        return _Rows({}, None)
    guard = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
    return _Rows(found["_source"]["rows"], guard)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What a batch has read, and what it has changed, by incident."""

    read: dict[str, _Rows] = field(default_factory=dict)
    changed: dict[str, _Rows] = field(default_factory=dict)


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
