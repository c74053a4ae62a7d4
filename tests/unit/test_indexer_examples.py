"""Every example beside the indexer: a message, and the documents it leads to."""

from typing import Any

import pytest
from examples import examples

from services.indexer.documents import documents
from shared.schemas import MESSAGES, ArticleNormalized


@pytest.mark.parametrize("example", examples("indexer"))
def test_example(example: dict[str, Any]) -> None:
    [(kind, data)] = example["given"].items()
    found = documents(MESSAGES[kind].model_validate(data))
    assert len(found) == len(example["expect"])
    for document, expected in zip(found, example["expect"], strict=True):
        assert (document.index, document.id, document.version) == (
            expected["index"],
            expected["id"],
            expected["version"],
        )
        for name, value in expected.get("body", {}).items():
            assert document.body[name] == value, name
        assert not document.body.keys() & set(expected.get("without", ()))


def test_a_message_the_index_holds_nothing_of_is_an_error() -> None:
    message = ArticleNormalized(
        article_id="a", path="p", stem="s", body="b", sentences=(), language="en", signature="0"
    )
    with pytest.raises(TypeError, match=r"nothing of article\.normalized is indexed"):
        documents(message)
