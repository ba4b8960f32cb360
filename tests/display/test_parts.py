"""The parts a report is made of."""

from __future__ import annotations

import math
import re

import pytest

from aoai_finetune.display import (
    Bar,
    Contrast,
    Html,
    badge,
    banner,
    bars,
    card,
    cards,
    contrast,
    details,
    element,
    facts,
    html_table,
    join,
    mark,
    prose,
)

HOSTILE = '<img src=x onerror="alert(1)">\u202e'


def test_no_part_lets_a_tag_through() -> None:
    """Hostile text in every place where a part takes text."""
    line = Contrast(asked=HOSTILE, left=HOSTILE, right=HOSTILE, note=HOSTILE)
    page = join(
        badge(HOSTILE),
        banner(HOSTILE, HOSTILE, reasons=[HOSTILE]),
        cards(card(HOSTILE, HOSTILE, HOSTILE)),
        facts([(HOSTILE, HOSTILE)]),
        details(HOSTILE, HOSTILE),
        prose(HOSTILE),
        mark("good", word=HOSTILE),
        html_table([HOSTILE], [[HOSTILE]], caption=HOSTILE),
        contrast((HOSTILE, HOSTILE, HOSTILE), [line], caption=HOSTILE),
        bars([Bar(label=HOSTILE, value=1, text=HOSTILE)], caption=HOSTILE),
    )
    assert "<img" not in page
    assert "\u202e" not in page
    assert page.count("&lt;img") >= 20


def test_a_table_trusts_fragments_only() -> None:
    """A cell may hold a badge; a string with the same characters is text."""
    made = html_table(["a", "b"], [[badge("good", "good"), "<b>"]])
    assert '<td class="ft-left"><span class="ft-badge ft-good">good</span></td>' in made
    assert "&lt;b&gt;" in made


def test_a_wide_table_scrolls_in_its_own_box() -> None:
    """And the box can be reached with the keyboard."""
    assert html_table(["a"], []).startswith(
        '<div class="ft-scroll" role="region" aria-label="table" tabindex="0">'
    )


def test_a_ragged_table_is_refused() -> None:
    """A missing cell would shift every cell after it."""
    with pytest.raises(ValueError, match="every row needs 2 cells"):
        html_table(["a", "b"], [["x"]])


@pytest.mark.parametrize(("tone", "sign", "word"), [("good", "✓", "right"), ("bad", "✗", "wrong")])
def test_a_mark_is_a_sign_and_a_word(tone: str, sign: str, word: str) -> None:
    """Colour is never the only difference."""
    made = mark("good" if tone == "good" else "bad")
    assert sign in made
    assert f'aria-label="{word}"' in made


def test_two_answers_stand_side_by_side_with_their_labels() -> None:
    """On a phone each answer carries the title of its column."""
    made = contrast(("Question", "Old", "New"), [Contrast(asked="q", left="a", right="b", right_tone="bad")])
    assert re.findall(r'data-label="(\w+)"', made) == ["Old", "New"]
    assert made.index(">q<") < made.index(">a<") < made.index("✗") < made.index(">b<")


def test_an_empty_answer_is_shown_as_empty() -> None:
    """A blank cell would look like a fault of the report."""
    assert "(empty)" in contrast(("q", "l", "r"), [Contrast(asked="q", left="", right="b")])


def test_content_does_not_show_in_a_repr() -> None:
    """Questions and answers are shown only where somebody asks for them."""
    assert "secret" not in repr(Contrast(asked="secret q", left="secret a", right="secret b", note="secret"))


def test_a_folded_part_can_start_unfolded() -> None:
    """`details` is HTML's own folding."""
    assert details("s", "b", unfolded=True).startswith("<details open><summary>s</summary>")
    assert details("s", "b").startswith("<details><summary>s</summary>")


def test_bars_share_one_scale() -> None:
    """The largest value fills the track unless a top is given."""
    assert re.findall(r"width:([\d.]+)%", bars([Bar(label="a", value=1), Bar(label="b", value=4)])) == [
        "25.0",
        "100.0",
    ]
    assert re.findall(r"width:([\d.]+)%", bars([Bar(label="a", value=1)], top=2)) == ["50.0"]


def test_an_interval_and_a_threshold_are_drawn_on_the_same_scale() -> None:
    """The whisker spans low to high, and the line stands at the threshold."""
    made = bars([Bar(label="a", value=0.5, low=0.25, high=0.75)], top=1, threshold=0.95)
    assert 'style="left:25.0%;width:50%"' in made
    assert 'style="left:95.0%"' in made


def test_a_value_beyond_the_top_stays_in_its_track() -> None:
    """The figure still tells the truth."""
    made = bars([Bar(label="a", value=3)], top=1)
    assert "width:100.0%" in made
    assert ">3<" in made


def test_a_value_that_is_not_a_number_has_no_bar() -> None:
    """A length for it would be a lie."""
    made = bars([Bar(label="a", value=math.nan, text="not measured")])
    assert "not measured" in made
    assert "ft-bar " not in made


def test_only_zeros_make_empty_bars() -> None:
    """And no division by zero."""
    assert "width:0.0%" in bars([Bar(label="a", value=0)])


def test_a_negative_bar_is_refused() -> None:
    """A bar that starts at zero has no room for it."""
    with pytest.raises(ValueError, match="starts at zero"):
        Bar(label="a", value=-0.1)


def test_a_definition_may_be_a_fragment() -> None:
    """Names stay text."""
    assert facts([("id", element("code", "x"))]) == Html(
        '<dl class="ft-facts"><div><dt>id</dt><dd><code>x</code></dd></div></dl>'
    )
