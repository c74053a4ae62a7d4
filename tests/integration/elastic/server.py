"""A real Elasticsearch for tests, started by the project's own script; without Java a test says so loudly."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from shared.store.elastic_index import ElasticIndexStore
from shared.store.listing import Wanted, rows
from shared.store.port import IndexName

SCRIPT = Path(__file__).parents[3] / "deploy" / "local" / "elasticsearch" / "elasticsearch.sh"
_NEEDED = ("java", "mvn", "curl")


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A node in a folder of its own."""

    home: Path

    @classmethod
    def found_or(cls, home: Path) -> tuple["LocalServer", bool]:
        """The one of ELASTICSEARCH_HOME, to work with again and again, else one in `home`; whether that is ours."""
        named = os.environ.get("ELASTICSEARCH_HOME")
        return cls(Path(named or home)), not named

    def do(self, action: str) -> str:
        """`start`, `stop`, `kill`, `wipe` ...; what the script says."""
        # Files, not pipes: the server the script leaves behind must not keep the test waiting for an end of file.
        log = self.home.with_suffix(".log")
        with log.open("w") as file:
            done = subprocess.run(
                [str(SCRIPT), action],
                env={**os.environ, "ELASTICSEARCH_HOME": str(self.home)},
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=400,
                check=False,
            )
        said = log.read_text().strip()
        assert done.returncode == 0, said
        return said

    @property
    def url(self) -> str:
        return self.do("url")


def skip_without_java() -> None:
    """Not in CI: there a machine with Java has to run these."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if not missing:
        return
    reason = f"NOT RUN against a real Elasticsearch: {' and '.join(missing)} not installed"
    sys.stderr.write(f"\n*** {reason} ***\n")
    if os.environ.get("CI") == "true" and shutil.which("java"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def elastic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """One for all tests of a run."""
    skip_without_java()
    server, is_ours = LocalServer.found_or(tmp_path_factory.mktemp("elastic") / "home")
    server.do("start")
    try:
        yield server
    finally:
        if is_ours:
            server.do("wipe")


@dataclass(frozen=True, slots=True)
class Names:
    """The indexes of one test. `url` may be a proxy's."""

    url: str
    prefix: str

    @property
    def settings(self) -> dict[str, str]:
        """For services that work there."""
        return {"elasticsearch": self.url, "elasticsearch_prefix": self.prefix}

    @contextmanager
    def store(self) -> Iterator[ElasticIndexStore]:
        """What a person finds now, with everything written so far."""
        with Elasticsearch(self.url, request_timeout=60) as client:
            store = ElasticIndexStore(client, self.prefix)
            store.refresh()
            yield store

    def found(self, index: IndexName) -> list[dict[str, Any]]:
        """The rows of a list."""
        with self.store() as store:
            return list(rows(store, index, Wanted()))

    def remove(self) -> None:
        """All of it, templates too."""
        with Elasticsearch(self.url, request_timeout=60) as client:
            if found := client.indices.get(index=f"{self.prefix}*"):
                client.indices.delete(index=list(found))
            client.options(ignore_status=404).indices.delete_index_template(name=f"clashwatch-{self.prefix}*")


_NUMBERS = itertools.count()


@pytest.fixture
def names(elastic: LocalServer) -> Iterator[Names]:
    """Indexes of a test's own, not made yet."""
    made = Names(elastic.url, f"n{os.getpid()}-{next(_NUMBERS)}-")
    yield made
    made.remove()
