"""Rendering that knows no domain: escaped HTML, text tables, self-contained pages, progress, atomic files.

Every room renders its own sections with these parts. Text becomes HTML in one place only (`escape`), and only
a value of type `Html` is trusted; a plain `str` is escaped wherever it lands.
"""

from __future__ import annotations

from ._chart import Bar, bars
from ._escape import Html, element, escape, join, visible
from ._files import open_atomic, write_atomic
from ._page import Page, Section, fragment
from ._parts import (
    Contrast,
    Tone,
    badge,
    banner,
    card,
    cards,
    contrast,
    details,
    facts,
    html_table,
    mark,
    prose,
)
from ._progress import Progress
from ._text import display_width, fold, table

__all__ = [
    "Bar",
    "Contrast",
    "Html",
    "Page",
    "Progress",
    "Section",
    "Tone",
    "badge",
    "banner",
    "bars",
    "card",
    "cards",
    "contrast",
    "details",
    "display_width",
    "element",
    "escape",
    "facts",
    "fold",
    "fragment",
    "html_table",
    "join",
    "mark",
    "open_atomic",
    "prose",
    "table",
    "visible",
    "write_atomic",
]
