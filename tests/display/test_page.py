"""One self-contained page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typing_extensions import override

from aoai_finetune.display import Html, Page, Section, badge, fragment, prose

VOID = {"meta", "br", "hr", "col"}


class _Balanced(HTMLParser):
    """Fails on a tag that closes what was not opened last."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _page(*titles: str) -> Page:
    return Page(
        "Report <1>", [Section(title, prose("text")) for title in titles], subtitle="sub", footer="foot"
    )


def test_the_page_is_well_formed() -> None:
    """Every tag that opens closes in order."""
    reader = _Balanced()
    reader.feed(_page("", "One", "Two", "Three").render())
    assert reader.open == []


def test_the_page_needs_nothing_from_outside() -> None:
    """No script, link, import, picture or address; and the page's own policy forbids them."""
    text = _page("One").render()
    assert not re.search(r"<(script|link|img|iframe|object)|@import|url\(|https?://|\son\w+=", text)
    assert "default-src &#x27;none&#x27;" in text


def test_the_page_fits_phones_dark_rooms_and_paper() -> None:
    """Viewport, colour scheme and print style are there."""
    text = _page("One").render()
    assert 'content="width=device-width, initial-scale=1"' in text
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_titles_are_escaped() -> None:
    """In the heading and in the browser's title."""
    assert _page().render().count("Report &lt;1&gt;") == 2


def test_the_language_is_said() -> None:
    """Screen readers and fonts depend on it."""
    assert '<html lang="ja">' in Page("報告", [], lang="ja").render()


def test_contents_are_listed_from_three_sections_on() -> None:
    """And lead to the sections' anchors."""
    assert "<nav" not in _page("One", "Two").render()
    assert re.findall(r'<a href="#(.+?)">', _page("", "One", "Two", "Three").render()) == [
        "section-2",
        "section-3",
        "section-4",
    ]


def test_a_section_without_a_title_has_no_heading() -> None:
    """Its body stands by itself."""
    text = _page("").render()
    assert "<h2>" not in text
    assert '<section id="section-1"><p>text</p></section>' in text


def test_a_section_body_that_is_plain_text_is_escaped() -> None:
    """Only `Html` is trusted, whatever the type checker was told."""
    body: object = "<b>"
    assert "&lt;b&gt;" in Page("t", [Section("s", body)]).render()  # type: ignore[arg-type]


def test_two_sections_with_one_anchor_are_refused() -> None:
    """A link could lead to one of them only."""
    with pytest.raises(ValueError, match="same id"):
        Page("t", [Section("a", Html(), "x"), Section("b", Html(), "x")])


def test_content_does_not_show_in_a_repr() -> None:
    """A page in a debugger or a log shows its title only."""
    assert "text" not in repr(_page("One"))


def test_write_returns_the_path_of_the_whole_page(tmp_path: Path) -> None:
    """And leaves no other file."""
    page = _page("One")
    target = page.write(tmp_path / "report.html")
    assert target.read_text(encoding="utf-8") == page.render()
    assert list(tmp_path.iterdir()) == [target]


def test_a_lone_surrogate_does_not_stop_a_report(tmp_path: Path) -> None:
    """Model output is shown, whatever it is."""
    target = Page("t", [Section("s", prose("\ud83d"))]).write(tmp_path / "report.html")
    assert "\\ud83d" in target.read_text(encoding="utf-8")


def test_a_notebook_fragment_styles_only_itself() -> None:
    """Every rule begins with one of our classes, so the notebook keeps its look."""
    made = fragment(badge("x"))
    style = made[made.index("<style>") + 7 : made.index("</style>")]
    rules = re.sub(r"@media[^{]*\{", "", style).replace("\n", "")
    selectors = [part for rule in re.findall(r"([^{}]+)\{", rules) for part in rule.split(",")]
    assert len(selectors) > 50
    assert [selector for selector in selectors if not selector.strip().startswith(".ft")] == []
