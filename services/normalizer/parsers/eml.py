"""E-mail (RFC 5322, MIME): subject, date, sender, the plain or else the HTML body."""

import re
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser

from services.normalizer.decode import decode
from services.normalizer.draft import Draft
from services.normalizer.parsers import html
from shared.errors import RejectedError

_REPLY = re.compile(r"(?:(?:re|fwd?|aw|tr)\s{0,3}:\s{0,3}){1,10}", re.IGNORECASE)
_LISTS = re.compile(r"\[[\w .-]{1,40}\]\s{0,3}")


def read(content: bytes) -> Draft:
    """Attachments are not opened; that there were some is flagged."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(content)
        return _draft(message)
    except (MessageError, LookupError, ValueError, AttributeError, TypeError, IndexError) as error:
        # The standard library's header parser fails on hostile headers with whatever it stumbles over.
        raise RejectedError(f"the e-mail is damaged: {type(error).__name__}: {error}") from error


def _draft(message: EmailMessage) -> Draft:
    body = message.get_body(("plain", "html"))
    if body is None:
        raise RejectedError("the e-mail has no text: attachments are not opened")
    inner = _inner(body)
    subject = str(message.get("subject") or "").strip()
    date = str(message.get("date") or "")
    return Draft(
        text=inner.text,
        title=_LISTS.sub("", _REPLY.sub("", subject, count=1), count=1).strip() or inner.title,
        dates=((("email", date),) if date else ()) + inner.dates,
        source=_sender(message) or inner.source,
        url=inner.url,
        aside=inner.aside,
        flags=("attachments-not-read",) if any(message.iter_attachments()) else (),
    )


def _inner(body: MIMEPart) -> Draft:
    payload = body.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    charset = body.get_content_charset()
    if body.get_content_type() == "text/html":
        return html.read(raw, charset)
    return Draft(decode(raw, charset)[0])


def _sender(message: EmailMessage) -> str | None:
    """The display name: a newsletter's is its publisher."""
    addresses = getattr(message.get("from"), "addresses", ())
    return addresses[0].display_name or None if addresses else None
