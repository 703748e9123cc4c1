"""Read a page as a careful visitor would: what is on it, and what is wrong with it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_ENTERED = {"input", "select", "textarea"}
_UNSEEN = {"hidden", "submit"}


@dataclass
class Seen(HTMLParser):
    """The elements of a page, and its text."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    text: str = ""
    inside_label: int = 0
    labelled: list[dict[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        self.inside_label += tag == "label"
        if self.inside_label and tag in _ENTERED:
            self.labelled.append(given)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside_label -= tag == "label"
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def read(html: str) -> Seen:
    seen = Seen()
    seen.feed(html)
    seen.wrong += [f"<{tag}> is left open" for tag in seen.open]
    return seen


def faults(html: str) -> list[str]:
    """What keeps a page from being well formed, accessible, or inside the content security policy."""
    seen = read(html)
    found = list(seen.wrong)
    found += [f"{len(seen.all('h1'))} h1"] if len(seen.all("h1")) != 1 else []
    found += [f"no <{tag}>" for tag in ("title", "main", "header", "footer") if not seen.all(tag)]
    found += _headings(seen) + _inline(seen) + _ids(seen) + _fields(seen) + _names(seen)
    found += [f"<th> without scope: {attrs}" for attrs in seen.all("th") if not attrs.get("scope")]
    found += ["a form that posts has no token"] * (_posting(seen) - _tokens(seen))
    return found


def _headings(seen: Seen) -> list[str]:
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    return [f"h{a} is followed by h{b}" for a, b in jumps]


def _inline(seen: Seen) -> list[str]:
    found = [
        f"{tag} has {name}"
        for tag, attrs in seen.elements
        for name in attrs
        if name == "style" or name[:2] == "on"
    ]
    found += [
        f"<{tag}>" for tag, attrs in seen.elements if tag == "style" or (tag == "script" and "src" not in attrs)
    ]
    addresses = [
        attrs.get(name) or ""
        for tag, attrs in seen.elements
        for name in ("src", "href")
        if tag in {"link", "script", "img"}
    ]
    return found + [f"{address} is elsewhere" for address in addresses if "//" in address]


def _ids(seen: Seen) -> list[str]:
    ids = [attrs["id"] for _, attrs in seen.elements if attrs.get("id")]
    return [f"id {name} is there twice" for name in sorted({name for name in ids if ids.count(name) > 1})]


def _fields(seen: Seen) -> list[str]:
    labels = {attrs.get("for") for attrs in seen.all("label")}
    ids = {attrs.get("id") for _, attrs in seen.elements}
    fields = [attrs for tag, attrs in seen.elements if tag in _ENTERED and attrs.get("type") not in _UNSEEN]
    found = [f"no label for {a}" for a in fields if a not in seen.labelled and a.get("id") not in labels]
    described = [name for _, attrs in seen.elements for name in (attrs.get("aria-describedby") or "").split()]
    return found + [f"described by {name}, which is not there" for name in described if name not in ids]


def _names(seen: Seen) -> list[str]:
    measured = [attrs for tag, attrs in seen.elements if tag in {"meter", "progress"}]
    return [f"a meter without a name: {attrs}" for attrs in measured if not attrs.get("aria-label")]


def _posting(seen: Seen) -> int:
    return sum(attrs.get("method") == "post" for attrs in seen.all("form"))


def _tokens(seen: Seen) -> int:
    return sum(attrs.get("name") == "token" and bool(attrs.get("value")) for attrs in seen.all("input"))
