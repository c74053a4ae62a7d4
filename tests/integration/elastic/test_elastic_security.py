"""Who is talked to, and how: certificates, keys and plaintext, refused with a message that says what to do."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.errors import RejectedError, TransientError
from shared.settings import Settings
from shared.store.elastic import opened
from shared.store.elastic_client import build_client, connect
from tests.integration.elastic.fault_proxy import Faults, proxy
from tests.integration.elastic.server import LocalServer

KEY = "bG9jYWw6dGVzdA=="
LONG_AGO = ("20200101000000Z", "20200201000000Z")
NOW = ("20200101000000Z", "20491231000000Z")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities, of the first one: a certificate of this machine, one expired, one of another host."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "other"):
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        files = ("-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "3650", "-subj", f"/CN={name}")
        openssl(folder, "req", "-x509", *curve, *files)
    for name, host, (start, end) in (
        ("good", "IP:127.0.0.1", NOW),
        ("expired", "IP:127.0.0.1", LONG_AGO),
        ("elsewhere", "DNS:example.org", NOW),
    ):
        (folder / "serial").write_text("01")
        (folder / "index").write_text("")
        (folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=index\nserial=serial\ndefault_md=sha256\n"
            f"policy=p\nunique_subject=no\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName={host}\n"
            "authorityKeyIdentifier=keyid\n"
        )
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl(folder, "req", "-new", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ("-cert", "ca.pem", "-keyfile", "ca.key", "-startdate", start, "-enddate", end)
        openssl(folder, "ca", "-batch", "-config", "ca.cnf", *signing, "-in", f"{name}.csr", "-out", f"{name}.pem")
    return folder


def server_side(certificates: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return context


@pytest.fixture
def secured(elastic: LocalServer, certificates: Path) -> Iterator[str]:
    with proxy(elastic.url, Faults(api_key=KEY), server_side(certificates, "good")) as url:
        yield url


@pytest.mark.real
def test_with_the_right_authority_and_key_it_connects(secured: str, certificates: Path) -> None:
    settings = Settings(elasticsearch=secured, elasticsearch_ca=certificates / "ca.pem", elasticsearch_api_key=KEY)
    with closing(connect(settings)) as client:
        assert client.info()["version"]["number"].startswith("9.")


@pytest.mark.real
@pytest.mark.parametrize("key", [None, "d3Jvbmc6a2V5"])
def test_a_missing_or_wrong_key_is_refused(secured: str, certificates: Path, key: str | None) -> None:
    settings = Settings(elasticsearch=secured, elasticsearch_ca=certificates / "ca.pem", elasticsearch_api_key=key)
    with pytest.raises(RejectedError, match="CLASHWATCH_ELASTICSEARCH_API_KEY is missing, wrong"):
        connect(settings)


@pytest.mark.parametrize(
    ("server", "authority", "message"),
    [
        ("good", "other.pem", "authority is not the one in CLASHWATCH_ELASTICSEARCH_CA"),
        ("good", None, "authority is not the one in CLASHWATCH_ELASTICSEARCH_CA"),
        ("expired", "ca.pem", "has expired"),
        ("elsewhere", "ca.pem", "is for another host"),
    ],
)
def test_a_certificate_that_is_not_to_be_trusted_is_refused(
    certificates: Path, server: str, authority: str | None, message: str
) -> None:
    ca = certificates / authority if authority else None
    tls = server_side(certificates, server)
    with proxy("http://127.0.0.1:9", Faults(), tls) as url, pytest.raises(RejectedError, match=message):
        connect(Settings(elasticsearch=url, elasticsearch_ca=ca))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://search.example.org:9200", "not encrypted.*ALLOW_PLAINTEXT"),
        ("http://192.168.1.5:9200", "not encrypted"),
        ("http://localhost.example.org:9200", "not encrypted"),
        ("https://elastic:secret@127.0.0.1:9200", "holds a password"),
        ("search:9200", "no http"),
        ("ftp://127.0.0.1", "no http"),
        ("", "no http"),
    ],
)
def test_a_url_that_is_not_to_be_used_is_refused(url: str, message: str) -> None:
    with pytest.raises(RejectedError, match=message) as refusal:
        build_client(Settings(elasticsearch=url))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9200", "http://localhost:9200", "http://[::1]:9200"])
def test_plaintext_is_fine_on_this_machine(url: str) -> None:
    build_client(Settings(elasticsearch=url)).close()


def test_plaintext_elsewhere_where_it_is_said() -> None:
    settings = Settings(elasticsearch="http://elasticsearch:9200", elasticsearch_allow_plaintext=True)
    build_client(settings).close()


def test_an_authority_that_is_no_file_is_named(tmp_path: Path) -> None:
    settings = Settings(elasticsearch="https://127.0.0.1:1", elasticsearch_ca=tmp_path / "none.pem")
    with pytest.raises(RejectedError, match=r"CLASHWATCH_ELASTICSEARCH_CA.*none\.pem"):
        build_client(settings)


@pytest.mark.real
def test_a_service_finds_its_stores_ready(secured: str, certificates: Path) -> None:
    """As `clashwatch service` opens them: over TLS, with a key, nothing set up before."""
    ca = certificates / "ca.pem"
    settings = Settings(
        elasticsearch=secured, elasticsearch_ca=ca, elasticsearch_api_key=KEY, elasticsearch_prefix="opened-"
    )
    with opened(settings) as stores:
        assert stores.index.put("files", "p@1", 1, {"path": "p", "state": "rejected"})
        assert stores.links.load("AM-AZ").version == 0
        assert stores.alerts.notified("i") == []


def test_nobody_there_is_to_be_waited_for() -> None:
    with pytest.raises(TransientError, match="does not answer"):
        connect(Settings(elasticsearch="http://127.0.0.1:9"))
