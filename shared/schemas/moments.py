"""Moments as text, in the one form all rows have."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, with `Z`: as messages are written."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
