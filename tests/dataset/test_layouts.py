"""Canonical bytes by layout: from lines like one that was parsed, without parsing them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, canonical_json
from aoai_finetune.dataset.rows._layout import Layout, Layouts

TRICKY = st.sampled_from(
    ['"}, {"role": "user", "content": "', '", "', '"]', "}", "\\", '\\"', '"', "\n", "%b", "%", "\x7f", "\u2028", "有"]
)  # fmt: skip
TEXT = st.lists(
    TRICKY | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), min_size=1, max_size=4
).map("".join)
LEAF = TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
VALUE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(TEXT | st.sampled_from(["role", "tools", "fact"]), VALUE, min_size=1, max_size=4)
SEPARATORS = st.sampled_from([(", ", ": "), (",", ":"), (" , ", " :\t")])


def other(value: Any, texts: Iterator[str]) -> Any:
    """The same keys around other texts and numbers."""
    if isinstance(value, list):
        return [other(item, texts) for item in value]
    if isinstance(value, dict):
        return {key: item if key in {"role", "tools"} else other(item, texts) for key, item in value.items()}
    return next(texts) if isinstance(value, str) else value


@given(OBJECT, OBJECT, st.lists(TEXT, min_size=1), SEPARATORS, st.booleans())
def test_what_a_layout_makes_of_any_line_is_what_parsing_makes_of_it(
    row: Any, stranger: Any, texts: list[str], separators: tuple[str, str], ascii_only: bool
) -> None:
    """Of the line it was learned from, of one with other texts, and of one that has nothing to do with it."""

    def line(value: Any) -> bytes:
        return json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode() + b"\n"

    layouts = Layouts(every=1)
    layouts.missed(line(row), 0, canonical_json(row))
    for value in (row, other(row, iter(texts * 100)), stranger):
        assert layouts.canonical(line(value), 0) in (None, canonical_json(value))
    assert not layouts.known or layouts.canonical(line(row), 0) is not None


def plain(number: int, **keys: Any) -> dict[str, Any]:
    """A row with texts of its own."""
    said = [("user", f'Say "{number}"\n'), ("assistant", f"{number} を言う。")]
    return {"messages": [{"role": role, "content": content} for role, content in said], **keys}


def lines(rows: list[dict[str, Any]]) -> bytes:
    """A file as most programs write it."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def test_a_layout_learned_from_one_row_fits_the_next() -> None:
    """Escaped quotes and line feeds stand in most answers."""
    one, two = (lines([plain(number)]) for number in (1, 2))
    layout = Layout.of(one)
    assert layout is not None
    assert layout.canonical(two, 0, len(two)) == canonical_json(plain(2))


def test_a_layout_leaves_out_what_is_no_part_of_the_row() -> None:
    """The key of the fact stays out of what is written."""
    raw = lines([plain(1, fact="f", score=7)])
    layout = Layout.of(raw, {"fact"})
    assert layout is not None
    assert layout.canonical(raw, 0, len(raw)) == canonical_json(plain(1, score=7))


@pytest.mark.parametrize(
    "raw",
    [b'{"a": null}\n', b'{"a": "\\u0041"}\n', b'{"a": "\\\\"}\n', b'{"a": [' + b'"b",' * 99 + b'""]}\n'],
)
def test_a_row_without_gaps_with_escapes_of_its_own_or_with_many_gaps_is_no_layout(raw: bytes) -> None:
    """What is not surely canonical is parsed; what is too large is not worth learning."""
    assert Layout.of(raw) is None


def test_one_line_in_so_many_teaches_a_layout_and_the_next_ones_have_it() -> None:
    """Learning takes as long as making a hundred rows: so it waits for a layout that comes often."""
    layouts = Layouts(every=3)
    for number in range(3):
        raw = lines([plain(number)])
        assert layouts.canonical(raw, 2) is None
        layouts.missed(raw, 2, canonical_json(plain(number)))
    assert layouts.canonical(lines([plain(3)]), 2) == canonical_json(plain(3))
    assert layouts.last == 1
    assert layouts.canonical(lines([plain(3)]), 4) is None


def test_a_layout_that_makes_something_else_of_its_own_line_is_not_learned() -> None:
    """Parsing has the last word."""
    layouts = Layouts(every=1)
    layouts.missed(lines([plain(1)]), 2, b"{}")
    assert not layouts.known


def test_lines_that_are_all_laid_out_in_other_ways_are_not_compared_with_ever_more_layouts() -> None:
    """Looking for a layout among many takes longer than parsing."""
    layouts = Layouts(every=1)
    for number in range(300):
        row = plain(number, **{f"key {number}": 1})
        layouts.missed(lines([row]), 255, canonical_json(row))
    assert 8 <= len(layouts.known) <= 255


TOOL = {
    "type": "function",
    "function": {"name": "f", "description": 'A "tool"', "parameters": {"type": "object"}},
}


def mixed(number: int) -> dict[str, Any]:
    """Rows of several layouts, some of which come once."""
    extra: dict[str, Any] = {"tools": [TOOL]} if number % 3 == 0 else {}
    if number % 5 == 0:
        extra["fact"] = f"fact {number}"
    row = plain(number, **extra)
    if number % 7 == 0:
        row["messages"].insert(0, {"content": "\\" * (number % 4), "role": "system"})
    if number % 50 == 1:
        row["messages"][0]["content"] = "long " * 40_000
    return row


@pytest.fixture
def both(tmp_path: Path) -> Callable[[], tuple[Dataset, list[bytes]]]:
    """A dataset of 700 lines with blank ones among them, and its rows as they have to be written."""
    rows = [mixed(number) for number in range(700)]
    data = lines(rows).splitlines(keepends=True)
    data[300:300] = [b"\n", b" \n"]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"".join(data)[:-1])
    wanted = [canonical_json({key: row[key] for key in row if key != "fact"}) + b"\n" for row in rows]
    return lambda: (Dataset.from_jsonl(path), wanted)


@pytest.mark.parametrize("before", ["nothing", "validate", "deduplicate", "validate, deduplicate"])
def test_what_is_written_does_not_depend_on_what_was_learned_before(
    both: Callable[[], tuple[Dataset, list[bytes]]], before: str
) -> None:
    """All rows, slices, shuffled rows and sums."""
    dataset, wanted = both()
    for step in before.split(", ") if before != "nothing" else ():
        getattr(dataset, step)()
    order = random.Random(1).sample(range(700), 700)
    assert dataset.to_bytes() == b"".join(wanted)
    assert dataset[290:310].to_bytes() == b"".join(wanted[290:310])
    assert dataset.select(order).to_bytes() == b"".join(wanted[index] for index in order)
    assert (dataset[600:] + dataset[:9]).to_bytes() == b"".join([*wanted[600:], *wanted[:9]])


def test_a_fingerprint_does_not_depend_on_what_was_learned_before(
    both: Callable[[], tuple[Dataset, list[bytes]]],
) -> None:
    """Digests are those of the rows as they are written."""
    fresh, learned = both()[0], both()[0]
    learned.validate()
    learned.deduplicate()
    assert learned.fingerprint == fresh.fingerprint == Dataset.from_examples(fresh).fingerprint
    assert [row.line for row in learned] == [row.line for row in fresh]
