"""A feed of needs as Atom (RFC 4287): values in, bytes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Entry:
    """One need: its id is made of its reference, so that a reader knows it again whatever else changes."""

    ref: str
    title: str
    language: str
    updated: datetime
    address: str
    summary: str
    categories: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Feed:
    name: str
    title: str
    updated: datetime
    address: str
    page: str
    entries: Sequence[Entry]


def written(feed: Feed) -> bytes:
    """The feed as an Atom document."""
    ElementTree.register_namespace("", ATOM)
    root = _head("feed", feed.name, feed.title, feed.updated)
    ElementTree.SubElement(_child(root, "author"), _name("name")).text = "Counterpart"
    _child(root, "link", rel="self", type=MEDIA_TYPE, href=feed.address)
    _child(root, "link", rel="alternate", type="text/html", href=feed.page)
    for entry in feed.entries:
        root.append(_entry(entry))
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _entry(entry: Entry) -> ElementTree.Element:
    element = _head("entry", f"need:{entry.ref}", entry.title, entry.updated)
    element.find(_name("title")).set(_LANGUAGE, entry.language)  # type: ignore[union-attr]
    _child(element, "link", rel="alternate", type="text/html", href=entry.address)
    for term, label in entry.categories:
        _child(element, "category", term=term, label=label)
    _child(element, "summary").text = entry.summary
    return element


def _head(kind: str, name: str, title: str, updated: datetime) -> ElementTree.Element:
    element = ElementTree.Element(_name(kind))
    _child(element, "id").text = uuid5(NAMESPACE_URL, f"counterpart:{name}").urn
    _child(element, "title").text = title
    _child(element, "updated").text = updated.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return element


def _child(parent: ElementTree.Element, name: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, _name(name), attributes)


def _name(name: str) -> str:
    return f"{{{ATOM}}}{name}"
