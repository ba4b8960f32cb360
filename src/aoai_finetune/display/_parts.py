"""The parts a report is made of. Each takes plain text and gives a safe fragment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ._escape import Html, element, join
from ._text import sides

__all__ = [
    "Contrast",
    "Tone",
    "badge",
    "banner",
    "card",
    "cards",
    "contrast",
    "details",
    "facts",
    "html_table",
    "mark",
    "prose",
]

Tone = Literal["good", "bad", "unsure", "plain"]
"""How a part is coloured. Never the only sign: parts with a tone carry a word or a symbol as well."""

_SYMBOLS: Final[dict[Tone, str]] = {"good": "✓", "bad": "✗", "unsure": "?", "plain": "·"}
_WORDS: Final[dict[Tone, str]] = {"good": "right", "bad": "wrong", "unsure": "unclear", "plain": "not judged"}


def badge(text: str, tone: Tone = "plain") -> Html:
    """A short word in a coloured pill."""
    return element("span", text, class_=f"ft-badge ft-{tone}")


def mark(tone: Tone, *, word: str = "") -> Html:
    """A tick, a cross, a question mark or a dot; `word` is what a screen reader says instead."""
    said = word or _WORDS[tone]
    return element(
        "span", _SYMBOLS[tone], class_=f"ft-mark ft-{tone}", role="img", aria_label=said, title=said
    )


def banner(
    title: str, text: str | Html = "", tone: Tone = "plain", *, reasons: Iterable[str | Html] = ()
) -> Html:
    """The one thing a reader must see: a title, a sentence, and reasons as a list."""
    items = [element("li", reason) for reason in reasons]
    body = element("p", text, class_="ft-lead") if text else Html()
    listed = element("ul", *items) if items else Html()
    words = element("div", element("strong", title, class_="ft-verdict"), body, listed)
    symbol = element("span", _SYMBOLS[tone], class_="ft-symbol", aria_hidden="true")
    return element("div", symbol, words, class_=f"ft-banner ft-{tone}", role="note")


def card(label: str, value: str | Html, note: str | Html = "", tone: Tone = "plain") -> Html:
    """One large figure with its label above and a remark below. Put several into `cards`."""
    return element(
        "div",
        element("div", label, class_="ft-label"),
        element("div", value, class_="ft-value"),
        element("div", note, class_="ft-quiet") if note else "",
        class_=f"ft-card ft-edge-{tone}",
    )


def cards(*items: Html) -> Html:
    """Cards side by side, as many to a line as fit."""
    return element("div", *items, class_="ft-cards")


def facts(pairs: Iterable[tuple[str, str | Html]]) -> Html:
    """A definition list: names on the left, what they are on the right."""
    lines = [element("div", element("dt", name), element("dd", value)) for name, value in pairs]
    return element("dl", *lines, class_="ft-facts")


def details(summary: str | Html, body: str | Html, *, unfolded: bool = False) -> Html:
    """A part that is folded away until the reader opens it; no script is involved."""
    return element(
        "details", element("summary", summary), element("div", body, class_="ft-inside"), open=unfolded
    )


def prose(*paragraphs: str | Html) -> Html:
    """Paragraphs of running text."""
    return join(*(element("p", paragraph) for paragraph in paragraphs))


def html_table(
    header: Sequence[str | Html],
    rows: Iterable[Sequence[str | Html]],
    *,
    caption: str = "",
    align: str = "",
) -> Html:
    """A table that scrolls inside its own box when it is wider than the page.

    Args:
        header: one title per column.
        rows: one cell per column; a `str` is escaped, `Html` is trusted.
        caption: shown above, and read out by screen readers.
        align: one letter per column, such as `"l>>"`; right-aligned columns get figures of equal width.

    Raises:
        ValueError: a row with more or fewer cells than the header, or a bad `align`.
    """
    places = sides(align, len(header))
    titles = [
        element("th", title, scope="col", class_=f"ft-{side}")
        for title, side in zip(header, places, strict=True)
    ]
    body = [_table_row(row, places) for row in rows]
    parts = [
        element("caption", caption) if caption else "",
        element("thead", element("tr", *titles)),
        element("tbody", *body),
    ]
    return element(
        "div",
        element("table", *parts),
        class_="ft-scroll",
        role="region",
        aria_label=caption or "table",
        tabindex="0",
    )


def _table_row(cells: Sequence[str | Html], places: Sequence[str]) -> Html:
    if len(cells) != len(places):
        raise ValueError(f"every row needs {len(places)} cells")
    return element(
        "tr", *(element("td", cell, class_=f"ft-{side}") for cell, side in zip(cells, places, strict=True))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One line of `contrast`: what was asked, and two answers with how each is judged."""

    asked: str = field(repr=False)
    left: str = field(repr=False)
    right: str = field(repr=False)
    left_tone: Tone = "plain"
    right_tone: Tone = "plain"
    note: str | Html = field(default="", repr=False)


def contrast(header: tuple[str, str, str], rows: Iterable[Contrast], *, caption: str = "") -> Html:
    """Two answers to the same question side by side; on a phone they stand one below the other.

    Args:
        header: the titles of what was asked, of the left and of the right answer.
        rows: in the order they are shown.
        caption: shown above.
    """
    titles = element(
        "tr", *(element("th", title, scope="col", role="columnheader") for title in header), role="row"
    )
    return element(
        "table",
        element("caption", caption) if caption else "",
        element("thead", titles, role="rowgroup"),
        element("tbody", *(_contrast_row(row, header) for row in rows), role="rowgroup"),
        class_="ft-contrast",
        role="table",  # said aloud, because `display: block` on a phone takes the table's meaning away
    )


def _contrast_row(row: Contrast, header: tuple[str, str, str]) -> Html:
    note = element("div", row.note, class_="ft-quiet") if row.note else ""
    return element(
        "tr",
        element("td", element("div", row.asked, class_="ft-said"), note, role="cell", class_="ft-asked"),
        _answer(row.left, row.left_tone, header[1]),
        _answer(row.right, row.right_tone, header[2]),
        role="row",
    )


def _answer(text: str, tone: Tone, label: str) -> Html:
    said = (
        element("div", text, class_="ft-said")
        if text
        else element("div", "(empty)", class_="ft-said ft-quiet")
    )
    return element("td", element("div", mark(tone), said, class_="ft-answer"), role="cell", data_label=label)
