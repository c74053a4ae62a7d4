"""One module for each format that is read in the parser process. All of them take bytes and touch no file."""

from services.normalizer.formats import Kind
from services.normalizer.limits import Limits
from services.normalizer.parsers import archive, docx, eml, feed, html, pdf, records
from services.normalizer.parsers.item import Item, Member

__all__ = ["Item", "Member", "parse", "unpack"]


def parse(kind: Kind, content: bytes, limits: Limits) -> list[Item]:
    """The articles of a document. Raises RejectedError with the reason when it has none."""
    match kind:
        case "html":
            return [Item(html.read(content))]
        case "pdf":
            return [Item(pdf.read(content, limits))]
        case "docx":
            return [Item(docx.read(content, limits))]
        case "eml":
            return [Item(eml.read(content))]
        case "json":
            return records.read(content, limits)
        case "feed":
            return feed.read(content, limits)
        case _:
            raise ValueError(f"no parser for {kind}")


def unpack(kind: Kind, path: str, content: bytes, limits: Limits) -> list[Member]:
    """The files in a container, those that cannot be had with the reason. Raises RejectedError."""
    return archive.gunzip(path, content, limits) if kind == "gz" else archive.unzip(content, limits)
