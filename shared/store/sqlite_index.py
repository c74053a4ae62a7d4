"""The search index of the embedded host: documents, their fields and FTS5 in the one SQLite file.

Bodies are deflated JSON. FTS5 keeps no text of its own: it reads titles and texts back through a view that
inflates.
"""

import html
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import from_json, to_json

from shared.store.database import Database
from shared.store.indexes import INDEXES, Index, as_term, field_values, is_hidden, texts
from shared.store.packing import deflate, inflate
from shared.store.port import Hit, IndexName, Placed, Terms
from shared.store.query import Filter, Query, Term, parse

TABLES = "index"
"""The part of a database that is the index."""

_TITLE_WEIGHT = 4.0
_EXCERPT_WORDS = 24
_OPEN, _CLOSE = "\x02", "\x03"
_CHUNK = 256
_LAST_ROW = 2**63 - 1


def _table(index: str, part: str) -> str:
    return f"{index.replace('-', '_')}_{part}"


def _tables(name: str, index: Index) -> str:
    """`docs` is narrow, for lists and counts; `bodies` is wide."""
    docs, bodies = _table(name, "docs"), _table(name, "bodies")
    parts = [
        f"CREATE TABLE {docs} (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,"
        " hidden INTEGER NOT NULL)",
        f"CREATE TABLE {bodies} (row INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        f"CREATE TABLE {_table(name, 'terms')} (field TEXT NOT NULL, value TEXT NOT NULL,"
        " row INTEGER NOT NULL, PRIMARY KEY (field, value, row)) WITHOUT ROWID",
    ]
    if index.text:
        view, fts = _table(name, "texts"), _table(name, "fts")
        parts += [
            f"CREATE VIEW {view} AS SELECT row AS rowid, title_of('{name}', body) AS title,"
            f" text_of('{name}', body) AS text FROM {bodies}",
            f"CREATE VIRTUAL TABLE {fts} USING fts5(title, text, content='{view}',"
            " tokenize='porter unicode61 remove_diacritics 2')",
            # Merging segments less often makes writing a quarter faster and searching no slower to notice.
            f"INSERT INTO {fts} ({fts}, rank) VALUES ('automerge', 8)",
        ]
    return ";\n".join(parts)


_STEPS = tuple(_tables(name, index) for name, index in INDEXES.items())


class SqliteIndexStore:
    """An `IndexStore` over the embedded host's database; writes join the transaction around them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for column, name in enumerate(("title_of", "text_of")):
            database.connection.create_function(name, 2, _reader(column), deterministic=True)
        database.migrate(TABLES, _STEPS)

    def put(self, index: IndexName, doc_id: str, version: int, body: Mapping[str, Any]) -> bool:
        """Writes unless a version as high or higher is there already; says whether it wrote."""
        docs = _table(index, "docs")
        with self._database.joined():
            found = self._database.execute(f"SELECT row, version FROM {docs} WHERE id = ?", (doc_id,)).fetchone()
            if found and found[1] >= version:
                return False
            row = found[0] if found else None
            if row is not None:
                self._unindex(index, row)
            row = self._database.execute(
                f"INSERT OR REPLACE INTO {docs} VALUES (?, ?, ?, ?)", (row, doc_id, version, is_hidden(body))
            ).lastrowid
            self._index(index, row, body)
        return True

    def delete(self, index: IndexName, doc_id: str) -> None:
        """Removes a document, if it is there."""
        docs = _table(index, "docs")
        with self._database.joined():
            found = self._database.execute(f"SELECT row FROM {docs} WHERE id = ?", (doc_id,)).fetchone()
            if found:
                self._unindex(index, found[0])
                self._database.execute(f"DELETE FROM {docs} WHERE row = ?", found)

    def get(self, index: IndexName, doc_id: str) -> dict[str, Any] | None:
        """The document, or None. Hidden ones answer, too."""
        found = self._database.execute(
            f"SELECT body FROM {_table(index, 'docs')} JOIN {_table(index, 'bodies')} USING (row) WHERE id = ?",
            (doc_id,),
        ).fetchone()
        return _unpack(found[0]) if found else None

    def get_all(self, index: IndexName, doc_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """`get` for many: those that are there, by id."""
        return {one: body for one in doc_ids if (body := self.get(index, one)) is not None}

    def scan(self, index: IndexName, where: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Documents in the order they first came, a few hundred in memory at a time."""
        where = where or {}
        fields = {f: as_term(v) for f, v in where.items() if v is not None and (f, f) in INDEXES[index].fields}
        sql, values = _page(index, fields)
        last = 0
        while rows := self._database.execute(sql, (*values, last)).fetchall():
            last = rows[-1][0]
            yield from (body for body in (_unpack(row[1]) for row in rows) if _agrees(body, where))

    def listed(
        self,
        index: IndexName,
        terms: Terms | None = None,
        *,
        after: str = "",
        newest_first: bool = True,
    ) -> Iterator[Placed]:
        """Documents that have all terms, from behind a cursor on."""
        sql, values = _page(index, terms or {}, newest_first=newest_first)
        last = int(after) if _is_cursor(after) else _LAST_ROW if newest_first else 0
        while rows := self._database.execute(sql, (*values, last)).fetchall():
            last = rows[-1][0]
            yield from (Placed(str(row), _unpack(packed)) for row, packed in rows)

    def search(self, query: str, *, index: IndexName = "articles", limit: int = 20, offset: int = 0) -> list[Hit]:
        """Full text, best first; without words, the newest first. Any string is a query."""
        parsed = parse(query, _field_names(index))
        if parsed.is_empty or ((parsed.any_of or parsed.none_of) and not INDEXES[index].text):
            return []
        sql, values = _search(index, parsed)
        rows = self._database.execute(f"{sql} LIMIT ? OFFSET ?", (*values, limit, offset)).fetchall()
        return [self._hit(index, row, doc_id, score, _match(parsed)) for row, doc_id, score in rows]

    def linked(self, article_ids: Sequence[str]) -> dict[str, list[str]]:
        """Of each article the ids of the incidents that link to it, hidden ones left out."""
        docs, terms = _table("incidents", "docs"), _table("incidents", "terms")
        sql = f"SELECT id FROM {terms} JOIN {docs} USING (row) WHERE field = 'article_ids' AND value = ? AND NOT hidden"
        return {one: [doc_id for (doc_id,) in self._database.execute(sql, (one,))] for one in article_ids}

    def count(self, index: IndexName) -> int:
        """How many documents, hidden ones left out."""
        [count] = self._database.execute(f"SELECT count(*) FROM {_table(index, 'docs')} WHERE NOT hidden").fetchone()
        return int(count)

    def counts(self, index: IndexName, field: str) -> dict[str, int]:
        """How many documents have each value of a field, hidden ones included."""
        return dict(
            self._database.execute(
                f"SELECT value, count(*) FROM {_table(index, 'terms')} WHERE field = ? GROUP BY value",
                (field,),
            ).fetchall()
        )

    def rebuild(self) -> dict[IndexName, int]:
        """Words, fields and what is hidden made anew from the documents; how many those are.

        One transaction: readers see the old index until it ends, and writers wait.
        """
        with self._database.transaction():
            return {index: self._rebuild(index) for index in INDEXES}

    def refresh(self, *indexes: IndexName) -> None:
        """What was put is seen at once."""

    def _index(self, name: IndexName, row: int | None, body: Mapping[str, Any]) -> None:
        index = INDEXES[name]
        packed = _pack(body)
        self._database.execute(f"INSERT OR REPLACE INTO {_table(name, 'bodies')} VALUES (?, ?)", (row, packed))
        self._add_terms(name, [(row, body)])
        if index.text:
            title, text = texts(index, body)
            self._database.execute(
                f"INSERT INTO {_table(name, 'fts')} (rowid, title, text) VALUES (?, ?, ?)", (row, title, text)
            )

    def _rebuild(self, name: IndexName) -> int:
        docs, bodies, terms, fts = (_table(name, part) for part in ("docs", "bodies", "terms", "fts"))
        if INDEXES[name].text:
            self._database.execute(f"INSERT INTO {fts} ({fts}) VALUES ('rebuild')")
        self._database.execute(f"DELETE FROM {terms}")
        last = count = 0
        sql = f"SELECT row, body FROM {bodies} WHERE row > ? ORDER BY row LIMIT {_CHUNK}"
        while rows := self._database.execute(sql, (last,)).fetchall():
            last, count = rows[-1][0], count + len(rows)
            read = [(row, _unpack(packed)) for row, packed in rows]
            self._add_terms(name, read)
            self._database.execute_many(
                f"UPDATE {docs} SET hidden = ? WHERE row = ?", [(is_hidden(body), row) for row, body in read]
            )
        return count

    def _add_terms(self, name: IndexName, read: Iterable[tuple[int | None, Mapping[str, Any]]]) -> None:
        self._database.execute_many(
            f"INSERT INTO {_table(name, 'terms')} VALUES (?, ?, ?)",
            [(field, value, row) for row, body in read for field, value in field_values(INDEXES[name], body)],
        )

    def _unindex(self, name: IndexName, row: int) -> None:
        """FTS5 has to be told the words it is to forget."""
        index = INDEXES[name]
        [packed] = self._database.execute(f"SELECT body FROM {_table(name, 'bodies')} WHERE row = ?", (row,)).fetchone()
        old = _unpack(packed)
        self._database.execute_many(
            f"DELETE FROM {_table(name, 'terms')} WHERE field = ? AND value = ? AND row = ?",
            [(field, value, row) for field, value in field_values(index, old)],
        )
        if index.text:
            fts = _table(name, "fts")
            self._database.execute(
                f"INSERT INTO {fts} ({fts}, rowid, title, text) VALUES ('delete', ?, ?, ?)",
                (row, *texts(index, old)),
            )
        self._database.execute(f"DELETE FROM {_table(name, 'bodies')} WHERE row = ?", (row,))

    def _hit(self, index: IndexName, row: int, doc_id: str, score: float, match: str | None) -> Hit:
        [packed] = self._database.execute(
            f"SELECT body FROM {_table(index, 'bodies')} WHERE row = ?", (row,)
        ).fetchone()
        return Hit(doc_id, score, _unpack(packed), self._highlights(index, row, match) if match else ())

    def _highlights(self, index: IndexName, row: int, match: str) -> tuple[str, ...]:
        fts = _table(index, "fts")
        found = self._database.execute(
            f"SELECT highlight({fts}, 0, '{_OPEN}', '{_CLOSE}'),"
            f" snippet({fts}, 1, '{_OPEN}', '{_CLOSE}', '…', {_EXCERPT_WORDS})"
            f" FROM {fts} WHERE {fts} MATCH ? AND rowid = ?",
            (match, row),
        ).fetchone()
        return tuple(_marked(text) for text in found or () if _OPEN in text)


def _page(index: IndexName, terms: Terms, *, newest_first: bool = False) -> tuple[str, list[str]]:
    """The next rows behind a given one (the last parameter) that have all terms.

    The first term of one value leads (hence CROSS JOIN): its rows lie together and in order.
    """
    one = {field: value for field, value in terms.items() if isinstance(value, str)}
    several = {field: tuple(values) for field, values in terms.items() if not isinstance(values, str)}
    docs, bodies, named = (_table(index, part) for part in ("docs", "bodies", "terms"))
    joins = [f"{named} AS t{i}" for i in range(len(one))] + [docs, bodies]
    row = f"{joins[0].rpartition(' ')[2]}.row"
    beyond, order = ("<", "DESC") if newest_first else (">", "ASC")
    conditions = [f"t{i}.field = ? AND t{i}.value = ?" for i in range(len(one))]
    conditions += [_has_any(index, row, len(values)) for values in several.values()]
    conditions += [f"{join.rpartition(' ')[2]}.row = {row}" for join in joins[1:]]
    conditions += [] if "status" in terms else ["NOT hidden"]
    sql = (
        f"SELECT {row}, body FROM {' CROSS JOIN '.join(joins)}"
        f" WHERE {' AND '.join(conditions)} AND {row} {beyond} ? ORDER BY {row} {order} LIMIT {_CHUNK}"
    )
    values = [part for term in one.items() for part in term]
    return sql, values + [part for field, wanted in several.items() for part in (field, *wanted)]


def _has_any(index: IndexName, row: str, values: int) -> str:
    """SQL: the document has a field (first parameter) with one of so many values (those that follow)."""
    places = ", ".join("?" * values)
    return f"{row} IN (SELECT row FROM {_table(index, 'terms')} WHERE field = ? AND value IN ({places}))"


def _is_cursor(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _search(index: IndexName, query: Query) -> tuple[str, list[Any]]:
    """The rows of a query as SQL: row, id and score, best first."""
    docs, fts = _table(index, "docs"), _table(index, "fts")
    conditions, values = ["NOT hidden"], list[Any]()
    if match := _match(query):
        conditions.append(f"{fts} MATCH ?")
        values.append(match)
    elif query.none_of:
        conditions.append(f"row NOT IN (SELECT rowid FROM {fts} WHERE {fts} MATCH ?)")
        values.append(_fts_any(query.none_of))
    for wanted in query.filters:
        conditions.append(("NOT " if wanted.negated else "") + _has(index, "GLOB" if wanted.is_prefix else "="))
        values += [wanted.field, _glob(wanted) if wanted.is_prefix else wanted.value]
    source = f"{docs} JOIN {fts} ON {fts}.rowid = row" if match else docs
    score = f"-bm25({fts}, {_TITLE_WEIGHT}, 1.0)" if match else "0.0"
    where = " AND ".join(conditions)
    return (
        f"SELECT row, id, {score} AS score FROM {source} WHERE {where} ORDER BY score DESC, row DESC",
        values,
    )


def _has(index: IndexName, operator: str) -> str:
    """SQL: the document of the current `row` has a field (first parameter) with a value (second)."""
    return f"row IN (SELECT row FROM {_table(index, 'terms')} WHERE field = ? AND value {operator} ?)"


def _glob(wanted: Filter) -> str:
    """A pattern for values that begin with the filter's, whatever is in it."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in wanted.value) + "*"


def _match(query: Query) -> str | None:
    """The query in FTS5's syntax, every word quoted; None where no word has to be there."""
    if not query.any_of:
        return None
    wanted = " OR ".join(f"({' AND '.join(map(_fts, group))})" for group in query.any_of)
    return f"({wanted}) NOT ({_fts_any(query.none_of)})" if query.none_of else wanted


def _fts_any(terms: tuple[Term, ...]) -> str:
    return " OR ".join(map(_fts, terms))


def _fts(term: Term) -> str:
    quoted = '"' + term.text.replace('"', '""') + '"'
    return f"{quoted} *" if term.is_prefix else quoted


def _marked(text: str) -> str:
    """Safe to show on a page: the article's own markup is escaped, ours is not."""
    return html.escape(text, quote=False).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")


def _field_names(index: IndexName) -> set[str]:
    return {name for name, _ in INDEXES[index].fields}


def _agrees(body: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """A list agrees when one of its values does, as in Elasticsearch."""
    return all(
        (found := body.get(name)) == value or (isinstance(found, list) and value in found)
        for name, value in where.items()
    )


def _reader(column: int) -> Any:
    def read(index: IndexName, body: bytes) -> str:
        return texts(INDEXES[index], _unpack(body))[column]

    return read


def _pack(body: Mapping[str, Any]) -> bytes:
    return deflate(to_json(body))


def _unpack(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = from_json(inflate(body))
    return document
