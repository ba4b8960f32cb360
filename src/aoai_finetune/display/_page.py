"""One self-contained HTML page, and the same look for notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ._escape import Html, element, escape, join
from ._files import write_atomic
from ._style import FRAGMENT, PAGE, PARTS

__all__ = ["Page", "Section", "fragment"]

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page. Without a title the body stands by itself, without a panel around it.

    Attributes:
        title: the heading, also its name in the contents.
        body: what the parts of this room make; a plain `str` is escaped.
        id: the anchor; `section-<number>` by default.
    """

    title: str
    body: Html = field(repr=False)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A report in one file: no script, no network, no second file; light and dark; phone, screen and paper.

    Args:
        title: the heading and the browser's title.
        sections: from top to bottom; three or more titled ones get a list of contents.
        subtitle: one line under the title.
        footer: one line at the end, such as what made the page and when.
        lang: language of the title and the sections (BCP 47), for screen readers and fonts.

    Raises:
        ValueError: two sections with the same id.
    """

    title: str
    sections: Sequence[Section] = field(repr=False)
    subtitle: str = field(default="", kw_only=True)
    footer: str = field(default="", kw_only=True)
    lang: str = field(default="en", kw_only=True)

    def __post_init__(self) -> None:
        anchors = [anchor for anchor, _ in self._anchored()]
        if len(anchors) != len(set(anchors)):
            raise ValueError("two sections of a page have the same id")

    def render(self) -> str:
        """The page as text; write it as UTF-8."""
        head = join(
            element("meta", charset="utf-8"),
            element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name_="referrer", content="no-referrer"),
            element("title", self.title),
            element("style", Html(PARTS + PAGE)),
        )
        sheet = element("div", *self._sheet(), class_="ft-sheet")
        body = element("body", sheet, class_="ft ft-page")
        return (
            f'<!doctype html>\n<html lang="{escape(self.lang)}">\n{element("head", head)}\n{body}\n</html>\n'
        )

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all, and return where it went.

        Raises:
            OSError: as `write_atomic` does, or the folder cannot be made.
        """
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, self.render())
        return Path(path)

    def _sheet(self) -> Iterable[Html]:
        subtitle = element("p", self.subtitle, class_="ft-subtitle") if self.subtitle else ""
        yield element("header", element("h1", self.title), subtitle, self._contents())
        yield element("main", *(_section(anchor, section) for anchor, section in self._anchored()))
        if self.footer:
            yield element("footer", self.footer)

    def _contents(self) -> str:
        titled = [(anchor, section.title) for anchor, section in self._anchored() if section.title]
        links = [element("a", title, href=f"#{anchor}") for anchor, title in titled]
        return element("nav", *links, aria_label="Contents") if len(links) >= 3 else ""

    def _anchored(self) -> list[tuple[str, Section]]:
        return [(section.id or f"section-{at}", section) for at, section in enumerate(self.sections, 1)]


def _section(anchor: str, section: Section) -> Html:
    if not section.title:
        return element("section", section.body, id=anchor)
    return element("section", element("h2", section.title), section.body, id=anchor, class_="ft-panel")


def fragment(html: Html) -> str:
    """What `_repr_html_` returns: the parts with their style, which touches nothing else in the notebook."""
    return element("div", element("style", Html(PARTS + FRAGMENT)), html, class_="ft ft-fragment")
