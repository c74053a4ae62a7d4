"""A received file to the articles in it, or to the reason why there is none."""

from collections.abc import Callable, Sequence
from datetime import datetime

from services.normalizer.compose import compose
from services.normalizer.decode import decode
from services.normalizer.draft import Document, Draft
from services.normalizer.limits import DEFAULT_LIMITS, Limits
from shared.errors import RejectedError
from shared.schemas import ArticleNormalized, ArticleReceived, FileSettled, Message

Open = Callable[[ArticleReceived, Limits], Sequence[Document]]


def normalize(received: ArticleReceived, now: datetime, limits: Limits = DEFAULT_LIMITS) -> list[Message]:
    """One `ArticleNormalized` for each article of the file, one `FileSettled` for each that is rejected."""
    try:
        documents = _documents(received, limits)
    except RejectedError as error:
        return [_settled(received, received.path, received.article_id, str(error), now)]
    return [_normalized(received, document, limits, now) for document in documents]


def _documents(received: ArticleReceived, limits: Limits) -> Sequence[Document]:
    if len(received.content) > limits.file_bytes:
        raise RejectedError(
            f"the file has {len(received.content)} bytes, more than the limit of {limits.file_bytes}"
        )
    text, _ = decode(received.content)
    return [Document(received.path, received.stem, received.article_id, Draft(text))]


def _normalized(received: ArticleReceived, document: Document, limits: Limits, now: datetime) -> Message:
    if document.draft is None:
        return _settled(received, document.path, document.article_id, document.reason, now)
    try:
        composed = compose(document.draft, document.sidecar or received.sidecar, limits)
    except RejectedError as error:
        return _settled(received, document.path, document.article_id, str(error), now)
    return ArticleNormalized(
        article_id=document.article_id,
        version=received.version,
        path=document.path,
        stem=document.stem,
        title=composed.title,
        body=composed.body,
        sentences=composed.sentences,
        published=composed.published,
        published_from=composed.published_from,
        source=composed.source,
        url=composed.url,
        credits=composed.credits,
        language=composed.language,
        signature=composed.signature,
        set_aside=composed.set_aside,
        flags=composed.flags,
    )


def _settled(
    received: ArticleReceived, path: str, article_id: str, reason: str, now: datetime
) -> FileSettled:
    return FileSettled(
        path=path,
        version=received.version,
        state="rejected",
        reason=reason,
        article_id=article_id,
        settled_at=now,
    )
