"""The HTTP API: pages, redirects of merged incidents, search, exports, health, and who is answered."""

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from services.exports import EXPORTS
from shared.metrics import METRICS
from shared.schemas import DeadLetter, FileSettled
from shared.schemas.incident import Incident
from shared.store.database import Database
from shared.store.sqlite_index import SqliteIndexStore
from tests.unit.front_rig import ATTACK, INCIDENT, MERGED, NOW, desk_client, put


def read(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def walk(client: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    items, cursor = [], ""
    while cursor is not None:
        page = read(client, path, cursor=cursor, **query)
        assert page.keys() == {"items", "next"}
        items += page["items"]
        cursor = page["next"]
    return items


@pytest.mark.parametrize("path", ["/incidents", "/articles", "/alerts", "/files", "/dead-letters"])
@pytest.mark.parametrize("limit", [1, 2, 500])
def test_pages_of_any_size_show_every_row_once(path: str, limit: int, client: httpx.Client) -> None:
    whole = read(client, path, limit=500)["items"]
    assert walk(client, path, limit=limit) == whole
    assert whole or path == "/dead-letters"


def test_rows_have_the_names_of_the_contract(client: httpx.Client) -> None:
    [one, *_] = read(client, "/incidents")["items"]
    Incident.model_validate(one)
    [article, *_] = read(client, "/articles")["items"]
    assert article.keys() >= {"article_id", "id", "title", "published", "is_clash", "incidents"}
    [alert, *_] = read(client, "/alerts")["items"]
    assert alert.keys() >= {"alert_id", "kind", "incident_id", "revision", "text", "evidence", "sent_at"}
    [file, *_] = read(client, "/files")["items"]
    assert file.keys() >= {"path", "state", "reason", "article_id"}


def test_lists_can_be_narrowed(client: httpx.Client) -> None:
    assert {one["dyad"] for one in read(client, "/incidents", dyad="KG-TJ")["items"]} == {"KG-TJ"}
    assert {one["dyad"] for one in read(client, "/incidents", side="AZ")["items"]} == {"AM-AZ"}
    assert {one["dyad"] for one in read(client, "/incidents", dyad="tj-kg", side="kg")["items"]} == {"KG-TJ"}
    assert len(read(client, "/incidents", since="2020-07-01")["items"]) == 1
    assert read(client, "/articles", side="KG")["items"][0]["id"].startswith("004")
    assert read(client, "/files", state="rejected")["items"] == []
    assert read(client, "/alerts", kind="withdrawn")["items"] == []


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/incidents", {"limit": 0}, 422),
        ("/incidents", {"limit": 501}, 422),
        ("/incidents", {"since": "May"}, 422),
        ("/incidents", {"cursor": "!"}, 400),
        ("/incidents", {"cursor": "x" * 201}, 422),
        ("/files", {"cursor": "LTU"}, 400),
        ("/search", {"q": "x", "cursor": "LTU"}, 400),
        ("/search", {}, 422),
        ("/search", {"q": "*"}, 422),
        ("/search", {"q": ""}, 422),
        ("/incidents", {"dyad": "foo"}, 422),
        ("/incidents", {"state": "foo"}, 422),
        ("/alerts", {"kind": "foo"}, 422),
        ("/files", {"state": "foo"}, 422),
        ("/dead-letters", {"state": "foo"}, 422),
        ("/export.csv", {"dyad": "foo"}, 422),
        ("/incidents/nothing", {}, 404),
        ("/articles/nothing", {}, 404),
        ("/export.xml", {}, 404),
        ("/nothing", {}, 404),
    ],
)
def test_what_cannot_be_answered_says_so(path: str, query: dict[str, Any], status: int, client: httpx.Client) -> None:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_an_incident_and_an_article_by_id(client: httpx.Client) -> None:
    [one, *_] = read(client, "/incidents")["items"]
    assert read(client, f"/incidents/{one['incident_id']}") == one
    [article, *_] = read(client, "/articles")["items"]
    assert read(client, f"/articles/{article['article_id']}") == article


def test_a_merged_incident_answers_with_the_one_it_went_into(attacked: httpx.Client) -> None:
    answer = attacked.get(f"/api/v1/incidents/{MERGED}")
    assert answer.json()["incident_id"] == INCIDENT
    assert answer.headers["Content-Location"] == f"/api/v1/incidents/{INCIDENT}"
    page = attacked.get(f"/incidents/{MERGED}", follow_redirects=False)
    assert (page.status_code, page.headers["Location"]) == (308, f"/incidents/{INCIDENT}")


def test_search_pages_and_escapes(client: httpx.Client, attacked: httpx.Client) -> None:
    both = read(client, "/search", q="Jermuk")
    assert len(both["items"]) == 2
    first = read(client, "/search", q="Jermuk", limit=1)
    second = read(client, "/search", q="Jermuk", limit=1, cursor=first["next"])
    assert first["items"] + second["items"] == both["items"]
    assert second["next"] is None
    [hit] = read(attacked, "/search", q="script")["items"]
    assert "<mark>script</mark>" in hit["highlights"][-1]
    assert "<script" not in "".join(hit["highlights"]).replace("<mark>", "")


def test_dead_letters_are_listed_with_their_bytes(with_letter: httpx.Client) -> None:
    [row] = read(with_letter, "/dead-letters")["items"]
    letter = DeadLetter.model_validate_json(json.dumps(row))
    assert (letter.letter_id, letter.original, letter.reason) == ("l", b"\xff", ATTACK)


@pytest.mark.parametrize("name", list(EXPORTS))
def test_exports_are_what_the_command_writes(name: str, client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/export.{name}", params={"dyad": "KG-TJ"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == EXPORTS[name].media_type
    assert f"clashwatch-{name}." in answer.headers["Content-Disposition"]
    if name == "csv":
        assert [row["dyad"] for row in csv.DictReader(answer.text.splitlines())] == ["KG-TJ"]


def test_the_description_names_every_route_and_its_answer(client: httpx.Client) -> None:
    description = client.get("/api/v1/openapi.json").json()
    assert description["openapi"].startswith("3.")
    paths = set(description["paths"])
    names = ("incidents", "articles", "alerts", "files", "dead-letters", "search", "export.{name}")
    assert paths >= {f"/api/v1/{name}" for name in names} | {"/livez", "/readyz", "/metrics"}
    for path in ("incidents", "articles", "alerts", "files", "dead-letters", "search"):
        schema = description["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        assert schema["schema"]["$ref"].rpartition("/")[2] in description["components"]["schemas"]


@pytest.mark.parametrize("path", ["incidents", "articles", "alerts", "files"])
def test_answers_are_what_the_description_says(path: str, client: httpx.Client) -> None:
    assert described(client, path, path)["items"]


def test_hits_are_what_the_description_says(client: httpx.Client) -> None:
    assert described(client, "search", "search", q="Jermuk")["items"]


@pytest.mark.parametrize("path", ["dead-letters", "files"])
def test_answers_without_articles_are_what_the_description_says(path: str, with_letter: httpx.Client) -> None:
    assert described(with_letter, path, path)["items"]


@pytest.mark.parametrize("name", ["incident", "article"])
def test_an_answer_by_id_is_what_the_description_says(name: str, client: httpx.Client) -> None:
    [one, *_] = read(client, f"/{name}s")["items"]
    assert described(client, f"{name}s/{{{name}_id}}", f"{name}s/{one[f'{name}_id']}") == one


@pytest.mark.parametrize(
    ("path", "query"), [("incidents", {"dyad": "foo"}), ("search", {"q": "*"}), ("files", {"limit": "0"})]
)
def test_a_refusal_is_what_the_description_says(path: str, query: dict[str, str], client: httpx.Client) -> None:
    description = client.get("/api/v1/openapi.json").json()
    said = description["paths"][f"/api/v1/{path}"]["get"]["responses"]["422"]["content"]["application/json"]
    answer = client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 422
    Draft202012Validator(description | said["schema"]).validate(answer.json())


def described(client: httpx.Client, route: str, path: str, **query: str) -> Any:
    """The answer, once it is known to be as the description of the route says."""
    description = _closed(client.get("/api/v1/openapi.json").json())
    said = description["paths"][f"/api/v1/{route}"]["get"]["responses"]["200"]["content"]["application/json"]
    answer = read(client, f"/{path}", **query)
    Draft202012Validator(description | said["schema"]).validate(answer)
    return answer


def _closed(description: dict[str, Any]) -> dict[str, Any]:
    """The same, with no fields but those that are described."""
    for schema in description["components"]["schemas"].values():
        schema["additionalProperties"] = False
    return description


@pytest.fixture(scope="module")
def with_letter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A desk over one dead letter and the member of a container."""
    folder = tmp_path_factory.mktemp("letter")
    letter = DeadLetter(
        letter_id="l",
        stage="tagger",
        topic="article.normalized",
        original_key="",
        original=b"\xff",
        error="ValueError",
        reason=ATTACK,
        failed_at=NOW,
    )
    member = FileSettled(path="a.zip!/b.txt", state="rejected", reason="empty", settled_at=NOW)
    with closing(Database(folder)) as database:
        for message in (letter, member):
            put(SqliteIndexStore(database), message)
    with desk_client(folder) as client:
        yield client


def test_health(client: httpx.Client, tmp_path: Path) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    with desk_client(tmp_path / "none") as nothing:
        assert nothing.get("/livez").status_code == 200
        assert nothing.get("/readyz").status_code == 503


def test_every_metric_of_the_list_is_there(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    for metric in METRICS:
        assert f"# HELP {metric.name.removesuffix('_total')}" in text
    assert "clashwatch_articles 5.0" in text
    assert 'clashwatch_lag{group="linker"} 0.0' in text


def test_only_names_of_this_machine_are_answered(seeded: Path) -> None:
    with desk_client(seeded) as client:
        assert client.get("/livez", headers={"Host": "evil.example"}).status_code == 400
        assert client.get("/livez", headers={"Host": "127.0.0.1:8000"}).status_code == 200
    with desk_client(seeded, host="0.0.0.0") as client:
        assert client.get("/livez", headers={"Host": "desk.example"}).status_code == 200


def test_a_desk_on_an_ipv6_address_is_answered(seeded: Path) -> None:
    with desk_client(seeded, host="::1") as client:
        assert client.get("/livez", headers={"Host": "[::1]:8000"}).status_code == 200
        assert client.get("/livez", headers={"Host": "[::1]"}).status_code == 200
        assert client.get("/livez", headers={"Host": "[::2]:8000"}).status_code == 400
    with desk_client(seeded, host="fd00::7") as client:
        assert client.get("/livez", headers={"Host": "[FD00::7]:8000"}).status_code == 200


def test_nothing_can_be_written(client: httpx.Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.request(method, "/api/v1/incidents").status_code == 405
