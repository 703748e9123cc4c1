"""Markdown as HTML: what the text itself holds of HTML is shown and not obeyed, and no image is loaded."""

from markdown_it import MarkdownIt
from markupsafe import Markup

_READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def rendered(text: str) -> Markup:
    """The HTML of a text; links lead only where a browser may safely go."""
    return Markup(_READER.render(text))  # the reader escapes everything that it does not make itself
