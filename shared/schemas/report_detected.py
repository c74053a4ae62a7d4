"""One report, on its way to the linker, with what the linker needs to know of its article."""

from typing import ClassVar

from pydantic import PositiveInt

from shared.schemas.article_withdrawn import ArticleWithdrawn
from shared.schemas.message import Message
from shared.schemas.report import Report


class ReportDetected(Message):
    """Keyed by the dyad of the states, so that one linker sees all reports of what may be one fight. `article_version`
    is the article's `version`, `path` its file, `dyads` are the keys of all its reports. This report takes the place
    of those of the article it `replaces`.
    """

    TYPE: ClassVar[str] = "report.detected"

    article_id: str
    article_version: PositiveInt = 1
    stem: str
    path: str = ""
    title: str | None = None
    source: str | None = None
    published: str | None = None
    signature: str
    report: Report
    dyads: tuple[str, ...] = ()
    replaces: ArticleWithdrawn | None = None

    @property
    def key(self) -> str:
        return self.report.states
