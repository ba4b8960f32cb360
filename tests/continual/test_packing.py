"""Several exchanges in one training row."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune import Dataset
from aoai_finetune.continual import ScheduledPart
from aoai_finetune.continual.strategies._packing import Frames, Turn, pack_rows, pack_turns
from aoai_finetune.dataset import Example, counter_for, row_tokens
from continual.rows import LONG, SHORT, numbered, teach

TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}]


def chat(question: str = "Q?", answer: str = "A.", *, system: str = LONG, **rest: Any) -> Example:
    """A row of one exchange; `rest` are other keys of the row."""
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
    return Example.from_row({"messages": messages, **rest})


def turn(role: str, content: Any = "text", **rest: Any) -> dict[str, Any]:
    """A message."""
    return {"role": role, "content": content, **rest}


def test_a_packed_row_says_that_every_answer_is_trained() -> None:
    """Whatever the default of the service is for several answers in a row."""
    packed = pack_rows([chat("Q1", "A1"), chat("Q2", "A2"), chat("Q3", "A3")])
    assert [message.role for message in packed.messages] == ["system", *["user", "assistant"] * 3]
    assert [message.text for message in packed.messages] == [LONG, "Q1", "A1", "Q2", "A2", "Q3", "A3"]
    assert [message.weight for message in packed.messages if message.role == "assistant"] == [1, 1, 1]
    assert Dataset.from_examples([packed] * 10).validate().ok


def test_a_single_row_stays_as_it_is() -> None:
    """No weight is added where there is one answer."""
    row = chat()
    assert pack_rows([row]).canonical == row.canonical


def test_tools_are_sent_once() -> None:
    """They belong to what the exchanges share."""
    packed = pack_rows([chat("Q1", tools=TOOLS), chat("Q2", tools=TOOLS)])
    assert packed.row["tools"] == TOOLS
    assert set(packed.row) == {"messages", "tools"}


@pytest.mark.parametrize(
    "other",
    [
        chat(system=SHORT),
        chat(tools=TOOLS),
        Example.from_row({"messages": [turn("user"), turn("assistant")]}),
        Example.from_row(
            {"messages": [turn("system", LONG), *[turn("user"), turn("assistant")] * 2]}
        ),
        Example.from_row({"messages": [turn("system", LONG), turn("user"), turn("assistant", weight=0)]}),
        Example.from_row(
            {"messages": [turn("system", LONG), turn("user", [{"type": "text", "text": "Q"}]), turn("assistant")]}
        ),
        Example.from_row(
            {
                "messages": [
                    turn("system", LONG),
                    turn("user"),
                    {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {}}]},
                ]
            }
        ),
        Example.from_row({"messages": [turn("system", LONG), turn("user")]}),
        Example.from_row({"input": {"messages": [turn("user")]}, "preferred_output": [], "non_preferred_output": []}),
    ],
    ids=[
        "another system prompt",
        "other tools",
        "no system prompt",
        "several turns",
        "an answer that is not trained",
        "parts",
        "a tool call",
        "no answer",
        "a preference",
    ],
)  # fmt: skip
def test_what_does_not_belong_together_shares_no_row(other: Example) -> None:
    """Another context would be trained than the one the rows were written for."""
    with pytest.raises(ValueError, match="one system prompt"):
        pack_rows([chat(), other])
    frames = Frames.of([chat(), other], counter_for(None))
    assert not frames.fits([Turn(0, "a")], Turn(1, "b"))


def test_two_rows_of_one_fact_share_no_row() -> None:
    """The answer would stand in front of the question."""
    frames = Frames.of([chat("Q1"), chat("Q2")], counter_for(None))
    assert not frames.fits([Turn(0, "fact")], Turn(1, "fact"))
    assert frames.fits([Turn(0, "fact")], Turn(1, "other"))


def test_a_packed_row_stays_far_below_what_the_service_cuts_off() -> None:
    """Long answers stand alone."""
    rows = [chat(f"Q{number}", "word " * 2_000) for number in range(3)]
    frames = Frames.of(rows, counter_for(None))
    assert not frames.fits([Turn(0, "a")], Turn(1, "b"))


def test_a_sum_of_packed_tokens_is_what_the_packed_row_has() -> None:
    """The limit is checked on the real size."""
    rows = [chat(f"Q{number}", f"Answer {number}") for number in range(4)]
    frames = Frames.of(rows, counter_for(None))
    expected = sum(frames.tokens) - 3 * frames.shared[0]
    assert row_tokens(pack_rows(rows).row, counter_for(None)) == expected


@given(
    facts=st.integers(1, 12),
    visits=st.integers(1, 6),
    size=st.integers(1, 6),
    seed=st.integers(0, 3),
    alone=st.sets(st.integers(0, 11)),
)
def test_every_visit_stands_in_one_line(
    facts: int, visits: int, size: int, seed: int, alone: set[int]
) -> None:
    """None is lost or added, no line is too long, and no fact stands twice in one."""
    names = numbered("fact", facts)
    pool = [
        chat(name, tools=[{"name": name}]) if number in alone else chat(name)
        for number, name in enumerate(names)
    ]
    order = [Turn(row, names[row]) for _ in range(visits) for row in range(facts)]
    frames = Frames.of(pool, counter_for(None))
    lines = pack_turns(order, size, frames, random.Random(seed))
    assert sorted(row for line in lines for row in line) == sorted(turn.row for turn in order)
    assert all(len(set(line)) == len(line) <= size for line in lines)
    assert all(len({frames.names[row] for row in line}) == 1 for line in lines)


def test_the_place_at_the_front_goes_round() -> None:
    """What opens a row is trained without other exchanges before it, so each question gets its turn."""
    names = numbered("fact", 4)
    pool = list(teach(names, phrasings=1))
    order = [Turn(row, names[row]) for _ in range(20) for row in range(4)]
    lines = pack_turns(order, 4, Frames.of(pool, counter_for(None)), random.Random(0))
    opened = [line[0] for line in lines]
    assert [opened.count(row) for row in range(4)] == [5, 5, 5, 5]


@pytest.mark.parametrize("packs", [(1,), (2, 2), (3, 0)])
def test_packs_add_up_to_the_rows(packs: tuple[int, ...]) -> None:
    """A strategy of somebody's own may get it wrong."""
    with pytest.raises(ValueError, match="packs"):
        ScheduledPart(rows=[0, 1, 2], n_epochs=1, packs=packs)
