"""What parsers hand back to the normalizer."""

from dataclasses import dataclass

from services.normalizer.draft import Draft


@dataclass(frozen=True, slots=True)
class Item:
    """One article of a document. `article_id` and `name` are empty where the document is the article."""

    draft: Draft | None
    name: str = ""
    article_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a container: its path inside and its bytes, or the reason why it cannot be had."""

    name: str
    content: bytes = b""
    reason: str = ""
