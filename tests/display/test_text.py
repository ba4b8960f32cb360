"""Columns line up, whatever the script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.display import display_width, fold, table


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("本社", 4), ("ｶﾅ", 2), ("が", 2), ("👍", 2), ("", 0)]
)
def test_width_counts_terminal_columns(text: str, columns: int) -> None:
    """Wide characters take two columns, half-width ones one, combining marks none."""
    assert display_width(text) == columns


@given(st.text(), st.integers(-2, 40))
def test_folded_text_fits(text: str, width: int) -> None:
    """No text is wider than its room, and no line break gets through."""
    folded = fold(text, width)
    assert display_width(folded) <= max(0, width)
    assert "\n" not in folded


def test_text_that_fits_is_not_cut() -> None:
    """Only white space is evened out."""
    assert fold("本社は\n 堺市", 11) == "本社は 堺市"


def test_cut_text_ends_with_an_ellipsis() -> None:
    """And never in the middle of a wide character."""
    assert fold("本社は大阪府堺市", 8) == "本社は…"


def test_columns_line_up_for_japanese_text() -> None:
    """The rule under each title is as wide as the column."""
    made = table(["戦略", "tokens"], [["再生 25 %", "3,900"], ["naive", "1"]], align="l>")
    assert made == "戦略       tokens\n─────────  ──────\n再生 25 %   3,900\nnaive           1"


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_every_row_is_one_line(rows: list[tuple[str, str]]) -> None:
    """No cell can add or hide a line."""
    assert len(table(["a", "b"], rows).split("\n")) == len(rows) + 2


def test_centred_cells_stand_in_the_middle() -> None:
    """`^` and `c` mean the same."""
    assert table(["title", "x"], [["a", "b"]], align="^").endswith("  a    b")


def test_a_ragged_row_is_refused() -> None:
    """A missing cell would shift every cell after it."""
    with pytest.raises(ValueError, match="every row needs 2 cells"):
        table(["a", "b"], [["only one"]])


@pytest.mark.parametrize("align", ["x", "lll"])
def test_an_alignment_that_means_nothing_is_refused(align: str) -> None:
    """An unknown letter, or more letters than columns."""
    with pytest.raises(ValueError, match="align must be"):
        table(["a", "b"], [], align=align)
