"""All stores of a cluster: what a service needs to keep its state and its documents in Elasticsearch."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from shared.settings import Settings
from shared.store.elastic_alerts import ElasticAlertStore
from shared.store.elastic_client import connect
from shared.store.elastic_index import ElasticIndexStore
from shared.store.elastic_links import ElasticLinkStore
from shared.store.elastic_templates import install

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ElasticStores:
    """`index.batch` is what the writes of many messages have in common; `alerts` is a SendingStore, too."""

    index: ElasticIndexStore
    links: ElasticLinkStore
    alerts: ElasticAlertStore


@contextmanager
def opened(settings: Settings) -> Iterator[ElasticStores]:
    """The stores of the server the settings name, its templates and indexes in place.

    Raises RejectedError when settings, certificate or key are refused, TransientError when nobody answers for a minute.
    """
    with closing(connect(settings, START_SECONDS)) as client:
        prefix = settings.elasticsearch_prefix
        install(client, prefix)
        yield ElasticStores(
            ElasticIndexStore(client, prefix), ElasticLinkStore(client, prefix), ElasticAlertStore(client, prefix)
        )
