"""A received file to the articles in it, or to the reason why there is none."""

from dataclasses import dataclass
from datetime import datetime

from services.normalizer.compose import compose
from services.normalizer.contents import Opened, Reader, open_file
from services.normalizer.draft import Document
from services.normalizer.limits import DEFAULT_LIMITS, Limits
from services.normalizer.parser import PARSER
from shared.errors import RejectedError
from shared.schemas import ArticleNormalized, ArticleReceived, FileSettled, Message
from shared.schemas.file_settled import FileState

# An article that a container brought stands whatever becomes of files with the same content (docs/decisions/0012):
# above any version a file's article comes to, and odd, as what stands is.
_OF_A_CONTAINER = 1_000_001


def normalize(
    received: ArticleReceived, now: datetime, limits: Limits = DEFAULT_LIMITS, reader: Reader = PARSER
) -> list[Message]:
    """One `ArticleNormalized` for each article of the file, one `FileSettled` for each part that is none.

    A container (zip, gz, feed, list of articles) itself is settled as `unpacked`. Plain text is read here,
    every other format by `reader`, the parser process. What the file held before goes on with its new article, or is
    withdrawn here when there is none.
    """
    messages = _read(received, now, limits, reader)
    return _taking_along(messages, received) if received.replaces else messages


def _taking_along(messages: list[Message], received: ArticleReceived) -> list[Message]:
    ids = [one.article_id if isinstance(one, ArticleNormalized) else "" for one in messages]
    if received.article_id not in ids:
        return [*messages, *((received.replaces,) if received.replaces else ())]
    at = ids.index(received.article_id)
    return [*messages[:at], messages[at].model_copy(update={"replaces": received.replaces}), *messages[at + 1 :]]


def _read(received: ArticleReceived, now: datetime, limits: Limits, reader: Reader) -> list[Message]:
    writer = _Writer(received, now)
    try:
        opened = open_file(received, limits, reader)
    except RejectedError as error:
        return [writer.settled(received.path, received.article_id, "rejected", str(error))]
    return _messages(opened, writer, limits)


def _messages(opened: Opened, writer: "_Writer", limits: Limits) -> list[Message]:
    first: dict[str, str] = {}
    messages: list[Message] = []
    for document in opened.documents:
        path = first.setdefault(document.article_id or document.path, document.path)
        if path != document.path:
            messages.append(writer.settled(document.path, document.article_id, "duplicate", f"same content as {path}"))
        else:
            messages.append(writer.normalized(document, limits))
    if opened.is_container:
        messages.append(writer.unpacked(messages))
    return messages


@dataclass(frozen=True, slots=True)
class _Writer:
    """What all messages about one file share."""

    received: ArticleReceived
    now: datetime

    def normalized(self, document: Document, limits: Limits) -> Message:
        try:
            if document.draft is None:
                raise RejectedError(document.reason)
            composed = compose(document.draft, document.sidecar, self.received.received_at.date(), limits)
        except RejectedError as error:
            return self.settled(document.path, document.article_id, "rejected", str(error))
        return ArticleNormalized(
            article_id=document.article_id,
            version=self.received.version if document.article_id == self.received.article_id else _OF_A_CONTAINER,
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

    def unpacked(self, messages: list[Message]) -> FileSettled:
        """The container's own end: how many of its parts are articles."""
        articles = sum(isinstance(message, ArticleNormalized) for message in messages)
        others = len(messages) - articles
        told = f"{articles} article{'s' * (articles != 1)}" + (f", {others} other files" if others else "")
        state: FileState = "unpacked" if articles else "rejected"
        return self.settled(self.received.path, self.received.article_id, state, f"holds {told}")

    def settled(self, path: str, article_id: str, state: FileState, reason: str) -> FileSettled:
        return FileSettled(
            path=path,
            version=self.received.version,
            state=state,
            reason=reason,
            article_id=article_id or None,
            article_version=self.received.version,
            settled_at=self.now,
        )
