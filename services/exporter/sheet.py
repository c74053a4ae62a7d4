"""Rows as CSV (RFC 4180) that spreadsheets open without running anything."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

# A spreadsheet takes a cell that begins so for a formula; what articles say ends up in cells.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """The header and a line a row; None is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_cell(row.get(column)) for column in columns])
        yield buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        value = value.replace("\0", "")
        return "'" + value if value.startswith(_FORMULA) else value
    return "" if value is None else value
