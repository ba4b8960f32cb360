"""A dataset in numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, Spread, counter_for, row_tokens

SECRET = "Tachibana"


def rows(*texts: str) -> Dataset:
    """One row per text, which is the question."""
    return Dataset.from_pairs([(text, "") for text in texts])


def test_statistics_count_rows_messages_and_roles() -> None:
    """Of a system message, a question and an answer each, and of a longer conversation."""
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "user", "assistant")]
    both = Dataset.from_pairs([("a", "b")], system="s") + Dataset.from_examples([{"messages": turns}])
    found = both.statistics()
    assert (found.rows, dict(found.kinds)) == (2, {"chat": 2})
    assert found.messages == Spread(low=3, median=3, p95=4, high=4)
    assert dict(found.roles) == {"user": 3, "assistant": 3, "system": 1}


def test_tokens_are_those_that_are_billed() -> None:
    """Sum, spread and the longest row agree with `tokens`."""
    many = rows("a", "one two three four five six", "b")
    found = many.statistics("gpt-4.1")
    assert found.tokens == many.tokens("gpt-4.1")
    assert found.row_tokens.high == many[1:2].tokens("gpt-4.1").tokens
    assert found.row_tokens.low == found.row_tokens.median == many[:1].tokens("gpt-4.1").tokens
    assert (found.longest, found.longest_source) == (2, None)


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("abc, 123!", {"Latin": 1.0}),
        ("かな カナ 漢字 ab", {"Hiragana": 0.25, "Katakana": 0.25, "Han": 0.25, "Latin": 0.25}),
        ("ーｶﾅＡＢ々", {"Katakana": 0.5, "Latin": 1 / 3, "Han": 1 / 6}),
        ("한국 Да ά", {"Hangul": 0.4, "Cyrillic": 0.4, "Greek": 0.2}),
        ("123 !? 👩", {}),
    ],
)
def test_scripts_are_shares_of_letters(text: str, scripts: dict[str, float]) -> None:
    """Digits, punctuation and pictures have no script."""
    assert rows(text).statistics().scripts == pytest.approx(scripts)


def test_text_parts_count_too() -> None:
    """Images have no letters."""
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "abc"},
        {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
        {"type": "text", "text": "漢"},
    ]
    row = {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": ""}]}
    assert Dataset.from_examples([row]).statistics().scripts == {"Latin": 0.75, "Han": 0.25}


@given(st.lists(st.text()))
def test_any_rows_have_statistics(texts: list[str]) -> None:
    """Shares sum to one, whatever the characters are."""
    clean = [text.encode(errors="ignore").decode() for text in texts]
    found = rows(*clean).statistics()
    assert found.rows == len(texts)
    assert sum(found.scripts.values()) == pytest.approx(1 if found.scripts else 0)


@given(st.lists(st.integers(min_value=0), min_size=1))
def test_a_spread_is_made_of_values_that_occur(values: list[int]) -> None:
    """In order, from the smallest to the largest."""
    spread = Spread.of(values)
    assert min(values) == spread.low <= spread.median <= spread.p95 <= spread.high == max(values)
    assert {spread.median, spread.p95} <= set(values)


def test_no_rows_have_statistics() -> None:
    """Nothing is divided by zero."""
    found = Dataset.from_examples(()).statistics()
    assert (found.rows, found.longest, found.row_tokens) == (0, None, Spread())
    assert "none" in str(found)


def test_statistics_show_nothing_of_a_row() -> None:
    """Neither as text nor in a notebook."""
    found = rows(f"Who is {SECRET}?").statistics()
    shown = f"{found} {found!r} {found._repr_html_()}"
    assert "tokens per row" in shown
    assert SECRET not in shown


def test_a_role_is_escaped_in_html() -> None:
    """It comes from the file."""
    row = {"messages": [{"role": "<script>", "content": "a"}, {"role": "assistant", "content": "b"}]}
    assert "<script>" not in Dataset.from_examples([row]).statistics()._repr_html_()


def test_texts_that_come_again_and_again_count_each_time() -> None:
    """The first some hundred are counted once, with how often they came; others and long ones each time."""
    texts = [f"abc {'かな' * (number % 3)} {number}" for number in range(600)]
    texts += texts[:40] + texts[-40:] + ["ab" * 10_000, "ab" * 10_000]
    found = rows(*texts).statistics()
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    latin = sum(letter.isascii() for letter in letters) / len(letters)
    assert found.scripts == pytest.approx({"Latin": latin, "Hiragana": 1 - latin})
    assert found.tokens.tokens == sum(row_tokens(row.row, counter_for(None)) for row in rows(*texts))
