"""Fixtures that several files of unit tests use."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from shared.store.database import Database
from tests.unit.front_rig import desk_client, hostile, seeded

__all__ = ["hostile", "seeded"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path)) as database:
        yield database


@pytest.fixture(scope="session")
def client(seeded: Path) -> Iterator[httpx.Client]:
    """The desk over the seeds."""
    with desk_client(seeded) as client:
        yield client


@pytest.fixture(scope="session")
def attacked(hostile: Path) -> Iterator[httpx.Client]:
    """The desk over the hostile article."""
    with desk_client(hostile) as client:
        yield client
