"""Text becomes HTML in one place, and nothing else is trusted."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from aoai_finetune.display import Html, element, escape, join, visible


class _Reader(HTMLParser):
    """What a browser would make of a fragment: its tags and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def _read(fragment: str) -> _Reader:
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    return reader


@given(st.text())
def test_any_text_reads_back_as_text_and_never_as_a_tag(text: str) -> None:
    """Whatever a model answers, a browser sees the visible form of it inside one paragraph."""
    seen = _read(element("p", text))
    assert seen.tags == ["p"]
    assert seen.text == visible(text)


@given(st.text())
def test_any_text_stays_inside_its_attribute(text: str) -> None:
    """An attribute value cannot end its own quotes."""
    assert _read(element("p", title=text)).attributes == [("title", visible(text))]


@given(st.text(st.characters(categories=("Cs", "Cc", "Cf", "L"))))
def test_visible_text_can_always_be_written_as_utf8(text: str) -> None:
    """Lone surrogates are spelled out, so that a report never fails on a strange answer."""
    assert visible(text).encode().decode() == visible(text)


@pytest.mark.parametrize("hidden", ["\x1b", "\x00", "\u202e", "\u2066", "\u200f", "\u2028", "\x9b", "\ud800"])
def test_unseen_characters_are_spelled_out(hidden: str) -> None:
    """Bidi controls, terminal escapes, separators and surrogates cannot hide in a report."""
    assert hidden not in escape(f"a{hidden}b")
    assert f"{ord(hidden):02x}" in escape(f"a{hidden}b")


def test_line_breaks_tabs_and_japanese_are_left_alone() -> None:
    """What a reader can see is not changed."""
    assert visible("一行目\r\n二行目\tend") == "一行目\r\n二行目\tend"


def test_a_lone_carriage_return_is_spelled_out() -> None:
    """It would let the end of a line overwrite its beginning in a terminal."""
    assert visible("real\rfake") == "real\\x0dfake"


def test_a_trusted_fragment_is_not_escaped_twice() -> None:
    """Fragments nest."""
    assert element("p", element("b", "<x>")) == "<p><b>&lt;x&gt;</b></p>"


def test_formatting_a_fragment_loses_its_trust() -> None:
    """A string built from a fragment is text again, so a mistake shows instead of opening a hole."""
    assert element("p", f"{Html('<b>')}!") == "<p>&lt;b&gt;!</p>"


def test_join_escapes_parts_and_separator() -> None:
    """Joining text and fragments gives one fragment."""
    assert join("<", Html("<i></i>"), between=" & ") == "&lt; &amp; <i></i>"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", " http://x", "//host"])
def test_a_link_goes_to_an_anchor_or_to_the_web(link: str) -> None:
    """Other schemes could run code."""
    with pytest.raises(ValueError, match="href must start with"):
        element("a", "x", href=link)


def test_scripts_and_event_handlers_are_not_written() -> None:
    """Neither by element nor by attribute."""
    with pytest.raises(ValueError, match="not an element"):
        element("script", "x")
    with pytest.raises(ValueError, match="not an attribute"):
        element("p", "x", onclick="x")


def test_attributes_can_be_bare_or_left_out() -> None:
    """True is a bare name, None and False are nothing, and underscores are hyphens."""
    made = element("p", class_="a", data_label="b", open=True, id=None, hidden=False)
    assert made == '<p class="a" data-label="b" open></p>'
