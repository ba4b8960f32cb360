"""What a row is billed for."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_finetune.dataset import Dataset, TokenCount, counter_for, row_tokens


class Letters:
    """A counter of letters, so that sums can be done in the head."""

    name = "letters"
    exact = True

    def count(self, text: str, /) -> int:
        """One token per letter."""
        return len(text)


def billed(*messages: dict[str, Any], **keys: Any) -> int:
    """Tokens of one row, by letters."""
    return row_tokens({"messages": [*messages], **keys}, Letters())


def test_a_row_has_a_frame_of_three_and_four_per_message() -> None:
    """Three per row, three per message and one for its role."""
    assert billed() == 3
    assert billed({"role": "user", "content": "abc"}) == 3 + 4 + 3
    assert (
        billed({"role": "user", "content": "abc"}, {"role": "assistant", "content": "de"})
        == 3 + 4 + 3 + 4 + 2
    )


def test_names_calls_tools_and_images_are_billed() -> None:
    """Calls and tools as canonical JSON, an image at low detail."""
    assert billed({"role": "user", "content": "a", "name": "bo"}) == 3 + 4 + 1 + 1 + 2
    assert billed({"role": "assistant", "content": None, "tool_calls": [{}]}) == 3 + 4 + len("[{}]")
    assert billed(tools=[{"b": 1, "a": 2}]) == 3 + len('[{"a":2,"b":1}]')
    parts = [{"type": "text", "text": "ab"}, {"type": "image_url", "image_url": {"url": "x" * 999}}]
    assert billed({"role": "user", "content": parts}) == 3 + 4 + 2 + 85


def test_both_outputs_of_a_preference_row_are_billed() -> None:
    """And its input once."""
    row = {
        "input": {"messages": [{"role": "user", "content": "abc"}]},
        "preferred_output": [{"role": "assistant", "content": "de"}],
        "non_preferred_output": [{"role": "assistant", "content": "f"}],
    }
    assert row_tokens(row, Letters()) == 3 + 3 * 4 + 6


def test_a_dataset_is_the_sum_of_its_rows() -> None:
    """And says that it is an estimate when no model was named."""
    dataset = Dataset.from_pairs([("What?", "That."), ("Who?", "She.")], system="S")
    count = dataset.tokens()
    assert count.tokens == sum(row_tokens(example.row, counter_for(None)) for example in dataset)
    assert (count.exact, count.counter) == (False, "estimate")


def test_counts_add_and_multiply() -> None:
    """A sum is exact only if all its parts are."""
    exact, rough = TokenCount(10, exact=True, counter="o200k"), TokenCount(5, exact=False, counter="estimate")
    assert exact + exact == TokenCount(20, exact=True, counter="o200k")
    assert exact + rough == TokenCount(15, exact=False, counter="o200k + estimate")
    assert 3 * rough == rough * 3 == TokenCount(15, exact=False, counter="estimate")
    assert int(rough) == 5


def test_a_count_prints_what_it_is() -> None:
    """An estimate must not look like a fact."""
    assert str(TokenCount(1234, exact=True, counter="o200k")) == "1,234 tokens"
    assert str(TokenCount(1234, exact=False, counter="estimate")) == "~1,234 tokens (estimate)"


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("有給休暇の申請は、取得予定日の3営業日前までに勤怠システムから行ってください。", 28),
        ("The quick brown fox jumps over the lazy dog, and nobody knows why it does so every morning.", 20),
        ("def add(left: int, right: int) -> int:\n    return left + right\n", 19),
        ("Great job! 🎉🚀 Ship it ✅ 👍", 11),
        ("├── src\n│   └── main.py\n", 12),
        ("a → b — c … “d” ✓", 10),
    ],
)
def test_the_estimate_is_near_for_japanese_english_code_and_symbols(text: str, exact: int) -> None:
    """Within a quarter for a single text; the exact counts are those of o200k_base."""
    assert abs(counter_for(None).count(text) - exact) <= exact / 4


@pytest.mark.parametrize(("text", "least"), [("", 0), (" ", 1), ("?", 1), ("\ud800", 1), ("👩‍👩‍👧", 1)])
def test_no_text_is_too_strange_to_estimate(text: str, least: int) -> None:
    """At least one token for anything that is not empty."""
    assert counter_for(None).count(text) >= least
    assert (counter_for(None).count(text) == 0) == (text == "")
