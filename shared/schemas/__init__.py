"""Every message on the road, one file each; `MESSAGES` lists them by type.

A new message is a new file here, a line in `MESSAGES` and an example in `examples/<type>/<version>/`.
"""

from shared.schemas.alert_raised import AlertRaised
from shared.schemas.article_analyzed import ArticleAnalyzed
from shared.schemas.article_normalized import ArticleNormalized
from shared.schemas.article_received import ArticleReceived
from shared.schemas.article_tagged import ArticleTagged
from shared.schemas.article_withdrawn import ArticleWithdrawn
from shared.schemas.dead_letter import DeadLetter
from shared.schemas.file_settled import FileSettled
from shared.schemas.incident_changed import IncidentChanged
from shared.schemas.message import Message
from shared.schemas.report_detected import ReportDetected

MESSAGES: dict[str, type[Message]] = {
    message.TYPE: message
    for message in (
        ArticleReceived,
        ArticleNormalized,
        ArticleTagged,
        ArticleAnalyzed,
        ArticleWithdrawn,
        ReportDetected,
        IncidentChanged,
        AlertRaised,
        FileSettled,
        DeadLetter,
    )
}

__all__ = [
    "MESSAGES",
    "AlertRaised",
    "ArticleAnalyzed",
    "ArticleNormalized",
    "ArticleReceived",
    "ArticleTagged",
    "ArticleWithdrawn",
    "DeadLetter",
    "FileSettled",
    "IncidentChanged",
    "Message",
    "ReportDetected",
]
