"""Every example beside the indexer: a message, and the documents it leads to."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.indexer import documents as module
from services.indexer.documents import documents
from shared.schemas import MESSAGES, ArticleNormalized

EXAMPLES = Path(module.__file__).with_name("examples")


def _examples() -> list[Any]:
    return [
        pytest.param(example, id=f"{path.stem}: {example['description']}")
        for path in sorted(EXAMPLES.glob("*.yml"))
        for example in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("example", _examples())
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
