"""Prepares a cluster before anybody writes: `python -m shared.store.elastic_setup`.

Lifecycle policies where the server knows them, templates, indexes. Doing it again changes nothing.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from shared import logs
from shared.errors import RejectedError, TransientError
from shared.settings import Settings
from shared.store.elastic_client import connect, translated
from shared.store.elastic_templates import folder, install, outdated

START_SECONDS = 60.0

log = logging.getLogger("clashwatch")


def main() -> int:
    """0 done, 2 refused or nobody there; what is wrong is said on standard error."""
    settings = Settings()
    logs.set_up("json" if settings.log_format == "json" else "console", settings.log_level)
    try:
        with closing(connect(settings, START_SECONDS)) as client:
            set_up(client, settings.elasticsearch_prefix)
    except (RejectedError, TransientError) as error:
        print(f"clashwatch: {error}", file=sys.stderr)
        return 2
    return 0


def set_up(client: Elasticsearch, prefix: str = "") -> None:
    """Policies, templates, indexes; says which indexes should be built anew."""
    for name, policy in policies():
        if not _put_policy(client, name, policy):
            log.warning("this Elasticsearch has no index lifecycle management: %s is left out", name)
    install(client, prefix)
    for name in outdated(client, prefix):
        log.warning("%s was made by an older template: what is new in it holds after a reindex", name)


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Lifecycle policies by name."""
    for path in sorted((folder() / "ilm").glob("*.json")):
        yield path.stem, json.loads(path.read_text(encoding="utf-8"))


def _put_policy(client: Elasticsearch, name: str, policy: dict[str, Any]) -> bool:
    """False where the server does not know of policies: it then answers 400 or 405, as to any unknown path."""
    try:
        with translated():
            client.ilm.put_lifecycle(name=name, policy=policy["policy"])
    except RejectedError as error:
        if isinstance(error.__cause__, ApiError) and error.__cause__.status_code in (400, 405) and _is_unknown(error):
            return False
        raise
    return True


def _is_unknown(error: RejectedError) -> bool:
    return "no handler found" in str(error) or "Incorrect HTTP method" in str(error)


if __name__ == "__main__":
    sys.exit(main())
