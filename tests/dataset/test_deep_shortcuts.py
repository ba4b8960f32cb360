"""What level `deep` does not look at because it cannot hold anything: the shortcuts hide nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import AzureRules, Dataset
from aoai_finetune.dataset.checks._hidden import damaged_text
from aoai_finetune.dataset.checks._private import personal_data, quiet, secrets
from aoai_finetune.dataset.checks._space import white_space
from aoai_finetune.dataset.tokens._tokens import counter_for, most_tokens, row_tokens

PIECES = st.sampled_from(
    ["sk-", "AKIA", "ASIA", "ABCDEFGH", "12345678", "ghp_", "github_pat_", "xoxb-", "AIza", "eyJ", ".eyJ", "abcdefghij", ".",
     "-", " ", "AccountKey=", "password", "api_key", "Passwd", "client-secret", "=", ":", "'", '"', "@", "a", "example.com",
     "foo.org", "+1", " 555", "0", "-12-", "3456", "4111111111111111", "DE89 3704 0044 0532 0130 00", "マイナンバー", "個人番号",
     "123-45-6789", "1234 5678 9012", "x" * 30, "\u212a", "\u017f", "é", "-----BEGIN RSA PRIVATE KEY-----", "１２３４", "_",
     "日本語", "\u0663", "090-1234-5678", "+81 90 1234", "\u0130", "\ufb01", "ß", "gho_" + "a" * 36, "（）",
     "\ufffd", "\ufeff", "\n", "\r", "\t", "\\", ", ", ": "]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join)
ROWS = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": TEXTS}), max_size=2).map(
    lambda messages: {"messages": messages}
)


@given(ROWS, st.booleans())
def test_a_row_that_is_quiet_holds_nothing_private(row: Any, ascii_only: bool) -> None:
    """Its bytes tell, however they are escaped."""
    if quiet(json.dumps(row, ensure_ascii=ascii_only).encode()):
        assert not [*secrets(row), *personal_data(row), *damaged_text(row), *white_space(row)]


@pytest.mark.parametrize(
    "text",
    [
        "The right one through 2024-autumn (12345/0), 3.5 + 4",
        "保証期間は購入日から3年間有効です。（2024年、¥1,200）",
        "Größe: 12 × 30 cm — naïve",
    ],
)
def test_an_ordinary_row_is_quiet(text: str) -> None:
    """With numbers, hyphens and other scripts: otherwise every row of a file would be looked into."""
    row = {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text}]}
    assert quiet(json.dumps(row, ensure_ascii=False).encode())


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_level_deep_counts_few_findings_like_many(rows: list[Any]) -> None:
    """Rows of a known kind are looked into as the first ones are."""
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows * 2)
    few, many = (
        Dataset.from_jsonl(data).validate(AzureRules(keep=keep), level="deep") for keep in (1, 10**6)
    )
    assert few.counts == many.counts


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
THINGS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {}, optional={"content": THINGS, "name": THINGS, "refusal": THINGS, "tool_calls": THINGS}
    ),
    max_size=4,
)


@given(st.fixed_dictionaries({"messages": MESSAGES}, optional={"tools": THINGS}))
def test_no_row_has_more_tokens_than_its_length_allows(row: Any) -> None:
    """So that those of short rows need not be counted."""
    tokens = row_tokens(row, counter_for(None))
    assert tokens <= 32 * len(repr(row))
    assert tokens <= 96 * len(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode())


@given(st.lists(st.text() | st.lists(PIECES).map("".join), min_size=1, max_size=4), st.integers(0, 20))
def test_no_plain_row_has_more_tokens_than_its_texts_allow(texts: list[str], times: int) -> None:
    """Nor than its bytes do. So that plain rows need not be counted."""
    row = {"messages": [{"role": "u", "content": text * times} for text in texts]}
    most = most_tokens(row)
    assert most is not None
    assert row_tokens(row, counter_for(None)) <= most
    assert most <= 2 * len(
        json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    )


def test_tokens_of_a_job_are_counted_where_bounds_do_not_tell(chat: Any, lines: Any) -> None:
    """Many images on few bytes, and plain rows of which only a bound was added up."""
    images = chat("Q", "A")
    images["messages"][0]["content"] = [{"type": "image_url", "image_url": {}}] * 900
    dataset = Dataset.from_jsonl(lines(images, *(chat("word " * 50, "word") for _ in range(10))))
    tokens = dataset.tokens().tokens
    for most, found in ((tokens - 1, 1), (tokens, 0), (tokens + 100, 0)):
        rules = AzureRules(limits={"job-tokens": most})
        assert dataset.validate(rules, level="deep").counts.get("job-tokens", 0) == found


def test_a_row_of_images_is_not_too_short_to_be_counted(chat: Any, lines: Any) -> None:
    """Each image has 85 tokens, in the fewest bytes."""
    row = chat("Q", "A")
    row["messages"][0]["content"] = [{"type": "image_url", "image_url": {}}] * 900
    report = Dataset.from_jsonl(lines(row)).validate(AzureRules(), level="deep")
    assert report.counts["example-tokens"] == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("eyJ" + "a" * 10 + ".eyJ" + "b" * 10 + ".c", True),
        ("-eyJ" + "a" * 4000 + ".eyJ" + "b" * 4000 + ".", True),
        ("eyJ" + "a" * 4001 + ".eyJ" + "b" * 10 + ".", False),
        ("xeyJ" + "a" * 10 + ".eyJ" + "b" * 10 + ".", False),
        ("eyJ" + "a" * 9 + ".eyJ" + "b" * 10 + ".", False),
        ("eyJ" + "a" * 5 + " " + "a" * 10 + ".eyJ" + "b" * 10 + ".", False),
        ("eyJ.eyJ" + "a" * 10 + ".eyJ" + "b" * 10 + ".", True),
    ],
)
def test_a_web_token_has_three_parts_of_bounded_length(text: str, found: bool) -> None:
    """Looked for from its middle, with the bounds on both sides."""
    row = {"messages": [{"role": "user", "content": text}]}
    assert bool([*secrets(row)]) == found
