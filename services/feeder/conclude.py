"""What a file that was read comes to: an article, a duplicate or a rejection; what becomes of its past."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple

from services.feeder.decide import File, Standing, State
from services.feeder.names import shown, stem
from shared.schemas import ArticleReceived, ArticleWithdrawn, FileSettled, Message
from shared.schemas.article_received import Sidecar

Conclusion = Literal["unchanged", "received", "duplicate"]

# States other parts of the system have been told about: only these can be superseded.
_TOLD: frozenset[State] = frozenset({"received", "duplicate", "rejected"})


class Read(NamedTuple):
    """An article as it was read, whole; `article_id` is the hash of its content and its sidecar's bytes."""

    article_id: str
    content: bytes
    sidecar: Sidecar | None


class Past(NamedTuple):
    """A version of a path that another one took the place of."""

    path: bytes
    version: int
    reason: str
    article_id: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What to write down and what to say, in one transaction. `articles` are the new standings.

    `heir` is a path to read again, because an article is to be published from it now. `yields` is the path that was
    the article until now and is its duplicate from now on.
    """

    file: File
    messages: tuple[Message, ...] = ()
    articles: Mapping[str, Standing] = field(default_factory=dict)
    past: Past | None = None
    heir: bytes | None = None
    yields: bytes | None = None


def names_order(path: bytes) -> tuple[int, bytes]:
    """The first of all files with the same content is the article, whichever was found first. The shortest name: copies
    are called "a (1).txt" or "old/a.txt".
    """
    return len(path), path


def conclude(file: File, article_id: str, standing: Standing | None) -> Conclusion:
    """Whether this content is news, known from elsewhere, or what this path was known to hold."""
    if standing is None or not standing.stands or names_order(file.path) < names_order(standing.path):
        return "received"
    expected: Literal["received", "duplicate"] = "received" if standing.path == file.path else "duplicate"
    return "unchanged" if (file.article_id, file.state) == (article_id, expected) else expected


def next_version(standing: Standing | None) -> int:
    """The odd version with which an article comes (again)."""
    if standing is None:
        return 1
    return standing.version + (2 if standing.stands else 1)


def replaces(file: File, article_id: str) -> bool:
    """Whether reading this means that another article is no longer what the path holds."""
    return file.article_id is not None and file.article_id != article_id


def settle_article(
    file: File, read: Read, standings: Mapping[str, Standing], heir: bytes | None, now: datetime
) -> Settled:
    """The file's content became an article, or turned out to be one already.

    `standings` holds what is known of the article and of the one the path held before; `heir` is another path
    that still holds the latter, if there is one.
    """
    known = standings.get(read.article_id)
    conclusion = conclude(file, read.article_id, known)
    if conclusion == "unchanged":
        return Settled(file)
    before = standings.get(file.article_id or "")
    if conclusion == "duplicate" and known is not None:
        settled = settle_duplicate(file, read.article_id, known, now, before)
    else:
        settled = _receive(file, read, known, now, before)
    return _release(settled, file, read, standings, heir)


def settle_duplicate(
    file: File, article_id: str, standing: Standing, now: datetime, before: Standing | None = None
) -> Settled:
    """The file holds what another path is the article of. `before` is of what it held until now."""
    reason = f"same content as {shown(standing.path)}"
    return settle(file, "duplicate", reason, now, article_id=article_id, standing=standing, before=before)


def settle(
    file: File,
    state: State,
    reason: str,
    now: datetime,
    *,
    article_id: str | None = None,
    standing: Standing | None = None,
    before: Standing | None = None,
) -> Settled:
    """The file came to an end in `state`. The same end as before says nothing new.

    `standing` is of the article it holds now, `before` of the one it held until now.
    """
    if (file.state, file.reason) == (state, reason) and file.article_id == (article_id or file.article_id):
        return Settled(file)
    version = file.version + 1
    after = replace(file, state=state, reason=reason, article_id=article_id or file.article_id, version=version)
    messages: list[Message] = []
    past = _past(file, version) if file.state in _TOLD and not _holds(file, article_id) else None
    if past:
        messages.append(_superseded(past, before, now))
    if state in ("duplicate", "rejected"):
        messages.append(
            FileSettled(
                path=shown(file.path),
                version=version,
                state="duplicate" if state == "duplicate" else "rejected",
                reason=reason,
                article_id=article_id,
                article_version=standing.version if standing else 0,
                settled_at=now,
            )
        )
    return Settled(after, tuple(messages), past=past)


def _holds(file: File, article_id: str | None) -> bool:
    """Whether it was known to hold this already: then only its part changes."""
    return file.state != "rejected" and article_id is not None and file.article_id == article_id


def _receive(file: File, read: Read, known: Standing | None, now: datetime, before: Standing | None) -> Settled:
    version = next_version(known)
    settled = settle(file, "received", "", now, article_id=read.article_id, before=before)
    message = ArticleReceived(
        article_id=read.article_id,
        version=version,
        path=shown(file.path),
        stem=stem(file.path),
        size=len(read.content),
        content=read.content,
        sidecar=read.sidecar,
        received_at=now,
    )
    return replace(
        settled,
        messages=(message, *settled.messages),
        articles={read.article_id: Standing(version, file.path)},
        yields=known.path if known and known.stands and known.path != file.path else None,
    )


def _release(
    settled: Settled, file: File, read: Read, standings: Mapping[str, Standing], heir: bytes | None
) -> Settled:
    """The article the path held before goes to the heir, or is withdrawn when there is none."""
    old = file.article_id
    standing = standings.get(old) if old else None
    if old is None or standing is None or not standing.stands or old == read.article_id:
        return settled
    if heir is not None:
        if standing.path != file.path:
            return settled
        return replace(settled, articles={**settled.articles, old: replace(standing, path=heir)}, heir=heir)
    withdrawn = ArticleWithdrawn(
        article_id=old,
        version=standing.version + 1,
        path=shown(file.path),
        superseded_by=read.article_id,
        reason=f"{shown(file.path)} has new content",
    )
    articles = {**settled.articles, old: Standing(withdrawn.version, file.path)}
    return replace(settled, messages=_with(settled.messages, withdrawn), articles=articles)


def _with(messages: tuple[Message, ...], withdrawn: ArticleWithdrawn) -> tuple[Message, ...]:
    """A new article takes the old one along, and it is withdrawn when that has been read; else at once."""
    if not any(isinstance(message, ArticleReceived) for message in messages):
        return (*messages, withdrawn)
    return tuple(
        message.model_copy(update={"replaces": withdrawn}) if isinstance(message, ArticleReceived) else message
        for message in messages
    )


def _past(file: File, version: int) -> Past:
    reason = f"replaced by version {version} of the same file"
    return Past(file.path, file.version, reason, file.article_id)


def _superseded(past: Past, standing: Standing | None, now: datetime) -> FileSettled:
    return FileSettled(
        path=shown(past.path),
        version=past.version,
        state="superseded",
        reason=past.reason,
        article_id=past.article_id,
        article_version=standing.version if standing else 0,
        settled_at=now,
    )
