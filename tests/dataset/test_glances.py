"""Rows at a glance: what a line says that is laid out like one that was checked, without parsing it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiter import from_json

from aoai_finetune.dataset import AzureRules, Dataset, Rule, Severity
from aoai_finetune.dataset.rows._branches import Branches
from aoai_finetune.dataset.shortcuts._glances import Glances
from aoai_finetune.dataset.shortcuts._plain import plain_texts, shows
from aoai_finetune.dataset.shortcuts._tool_rows import Given, Said, ToolRows

TRICKY = st.sampled_from(
    ['"}, {"role": "user", "content": "', '", "', "}", "\\", '\\"', '"', "\n", " ", "　", "\0", "\u202e", "\u2019", "7", "有", ""]
)  # fmt: skip
TEXT = st.lists(
    TRICKY | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), min_size=1, max_size=4
).map("".join)
IDS = st.sampled_from(["1", "1", "2", '"', ""])
NAMES = st.sampled_from(["look_up", "look_up", "other"])
ARGUMENTS = st.sampled_from(
    ['{"id": "有"}', '{"id": "a\\nb"}', '{"id": "a", "n": 1}', '{"n": 1}', '{"id": 1}', "[]", "{"]
)
SEPARATORS = st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")])
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "look_up",
            "parameters": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "n": {"type": "integer"}},
                "required": ["id"],
            },
        },
    }
]


def said(role: str, content: object, turned: bool = False) -> dict[str, Any]:
    """A message, with the text before the role where it is turned."""
    message = {"role": role, "content": content}
    return dict(reversed(message.items())) if turned else message


def call(name: str, arguments: str, called: str) -> dict[str, Any]:
    """One call of a message."""
    return {"id": called, "type": "function", "function": {"name": name, "arguments": arguments}}


PLAIN = st.builds(
    lambda turns, texts, turned: {
        "messages": [said(*each, turned) for each in zip(["user", "assistant"] * turns, texts, strict=False)]
    },
    st.integers(1, 2), st.lists(TEXT, min_size=4, max_size=4), st.booleans(),
)  # fmt: skip
WITH_TOOLS = st.builds(
    lambda texts, names, arguments, made, answered, content: {
        "messages": [
            *([] if content is None else [said("system", texts[1])]),
            said("user", texts[0]),
            {**said("assistant", content), "tool_calls": [call(*each) for each in zip(names, arguments, made, strict=True)]},
            *({"role": "tool", "tool_call_id": one, "content": texts[1]} for one in answered),
            said("assistant", texts[2]),
        ],
        "tools": TOOLS,
    },
    st.lists(TEXT, min_size=3, max_size=3), st.lists(NAMES, min_size=2, max_size=2),
    st.lists(ARGUMENTS, min_size=2, max_size=2), st.permutations(["1", "2"]) | st.lists(IDS, min_size=2, max_size=2),
    st.permutations(["1", "2"]) | st.lists(IDS, min_size=2, max_size=2), st.none() | TEXT,
)  # fmt: skip
FACTS = st.sampled_from(
    [{}, {"fact": "f"}, {"fact": '"有\n'}, {"fact": ""}, {"fact": "　"}, {"fact": None}, {"fact": 7}]
)


def with_facts(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Some rows alike, with a fact in front, at the end, or without."""
    return st.lists(
        st.builds(lambda row, fact: {**row, **fact}, rows, FACTS), min_size=1, max_size=5
    ) | st.lists(st.builds(lambda row, fact: {**fact, **row}, rows, FACTS), min_size=1, max_size=5)


ROWS = with_facts(PLAIN) | with_facts(WITH_TOOLS)


def at_length(raw: bytes, tools: ToolRows) -> Said | None:
    """What the row on a line says, and its fact, found by parsing it."""
    try:
        row: Any = from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError:
        return None
    fact: Any = row.pop("fact", None) if isinstance(row, dict) else None
    found = plain_texts(row) or tools.flat(row)
    if found is None or not shows(raw, len(raw)) or not isinstance(fact, str | None):
        return None
    return Given(found, fact) if fact else found


def glance(glances: Glances, raw: bytes) -> Said | None:
    """What a glance at one line says."""
    (found,) = glances.said([raw])
    return found


def line(row: Any, separators: tuple[str, str] = (", ", ": "), *, ascii_only: bool = False) -> bytes:
    """A row as programs write it."""
    return json.dumps(row, separators=separators, ensure_ascii=ascii_only).encode() + b"\n"


@given(ROWS, SEPARATORS, st.booleans(), st.data())
def test_a_glance_says_what_parsing_says_or_nothing(
    rows: list[Any], separators: tuple[str, str], ascii_only: bool, data: st.DataObject
) -> None:
    """Of rows laid out alike with other texts, and of the same lines with some bytes changed."""
    tools = ToolRows()
    glances = Glances(tools, every=1)
    lines = [line(row, separators, ascii_only=ascii_only) for row in rows]
    for raw in [*lines, *lines]:
        assert glance(glances, raw) in (None, at_length(raw, tools))
    changed: list[bytes | None] = [None]
    for raw in lines:
        start = data.draw(st.integers(0, len(raw) - 2))
        end = data.draw(st.integers(start, min(start + 3, len(raw) - 1)))
        put = data.draw(
            st.sampled_from([b"", b'"', b"\\", b"\t", b"\x00", b"\xff", b"\xe3\x80", b" ", b"1", b"\\u0000"])
        )
        changed += [raw, raw[:start] + put + raw[end:]]
    for _ in range(2):  # the first time it may be learned
        together = glances.said(changed)
        assert together[0] is None
        for each, found in zip(changed[1:], together[1:], strict=True):
            assert found in (None, at_length(each or b"", tools))
    assert together == [None if each is None else glance(glances, each) for each in changed]


def plain(number: int) -> dict[str, Any]:
    """A row that a glance is enough for."""
    return {"messages": [said("user", f"「{number}」と\n言って"), said("assistant", f'"{number}"。')]}


def with_tools(number: int, **changes: Any) -> dict[str, Any]:
    """One with a call and its answer."""
    parts: dict[str, Any] = {"name": "look_up", "arguments": f'{{"id": "{number}"}}', "made": f"c{number}", "answered": f"c{number}"}  # fmt: skip
    parts.update(changes)
    messages = [
        said("system", "Be brief."),
        said("user", f"Where is {number}?"),
        {**said("assistant", None), "tool_calls": [call(parts["name"], parts["arguments"], parts["made"])]},
        {"role": "tool", "tool_call_id": parts["answered"], "content": "{}"},
        said("assistant", f"On its way ({number})."),
    ]
    return {"messages": messages, "tools": TOOLS}


def with_fact(number: int) -> dict[str, Any]:
    """One with a fact in front."""
    return {"fact": f"f{number // 3}", **plain(number)}


def with_fact_behind(number: int) -> dict[str, Any]:
    """One with tools and with a fact at its end."""
    return {**with_tools(number), "fact": f"「{number // 3}」\n"}


MADE = [plain, with_tools, with_fact, with_fact_behind]


@pytest.mark.parametrize("make", MADE)
def test_the_second_row_of_a_kind_is_known_at_a_glance(make: Callable[[int], Any]) -> None:
    """And so are all after it, whatever their texts are."""
    glances = Glances(ToolRows(), every=1)
    glance(glances, line(make(1)))
    for number in (2, 3):
        raw = line(make(number))
        assert glance(glances, raw) == at_length(raw, ToolRows()) is not None


def test_two_calls_of_one_id_are_not_sound() -> None:
    """However often the ids stand in the answers."""

    def row(one: str, other: str) -> dict[str, Any]:
        calls = [call("look_up", '{"id": "有"}', called) for called in (one, other)]
        answers = [{"role": "tool", "tool_call_id": called, "content": "{}"} for called in (one, other)]
        turns = [
            said("user", "有"),
            {"role": "assistant", "tool_calls": calls},
            *answers,
            said("assistant", "有"),
        ]
        return {"messages": turns, "tools": TOOLS}

    glances = Glances(ToolRows(), every=1)
    glance(glances, line(row("a", "b")))
    assert glance(glances, line(row("c", "d"))) is not None
    assert glance(glances, line(row("e", "e"))) is None


def test_what_was_given_up_is_looked_at_again() -> None:
    """Two exports in one file: the first has rows of which no layout can be learned."""
    glances = Glances(ToolRows())
    parts = {"messages": [said("user", [{"type": "text", "text": "有"}]), said("assistant", "有")]}
    for _ in range(3000):
        assert glance(glances, line(parts)) is None
    found = [glance(glances, line(with_tools(number))) is not None for number in range(9000)]
    assert all(found[-3000:])


def test_ends_and_layouts_are_bounded() -> None:
    """However many kinds of lines come by, and however many of the others are known."""
    glances = Glances(ToolRows(), every=1)
    for number in range(4000):
        assert number < 9 or glance(glances, line(plain(number))) is not None
        glance(glances, line(plain(number))[:-1] + b" " * (number % 997) + b"\n")
        glance(glances, line(plain(number)).replace(b'"}]}', b'"' + b" " * (number % 997) + b"}]}"))
    ends = [end for ends in glances._ends.values() for end in ends]
    assert len(ends) <= 40
    assert all(len(end.layouts) <= 32 for end in ends)


@pytest.mark.parametrize("number", range(15))
def test_nothing_is_learned_from_a_row_with_a_fault(number: int) -> None:
    """A line of the same layout would be taken for a sound one."""
    glances = Glances(ToolRows(), every=1)
    for _ in range(2):
        assert glance(glances, FAULTS[number](1000)) is None


def test_texts_are_left_out_where_nobody_asks_for_them() -> None:
    """Only their number is told."""
    glances = Glances(ToolRows(), texts=False, every=1)
    glance(glances, line(plain(1)))
    found = glance(glances, line(plain(2)))
    assert found is not None
    assert len(found) == 4
    assert "「2」と\n言って" not in found


def test_lines_of_a_hundred_layouts_are_not_learned_for_nothing() -> None:
    """What a layout costs has to be paid back; where hardly any line is like another one, nobody looks any more."""
    glances = Glances(ToolRows(), every=1)
    for number in range(2000):
        turns = [said("user", "有"), said("assistant", "有")] * (number % 40 + 1)
        glance(glances, line({"messages": [{**turn, f"{number}": ""} for turn in turns]}))
        glance(glances, line({"messages": turns}, (", " + " " * (number % 97), ": ")))
    assert sum(len(end.layouts) for ends in glances._ends.values() for end in ends) < 20


def test_layouts_that_part_late_share_what_they_have_in_common() -> None:
    """And each has its own groups."""
    made = Branches([("<", "|"), ("<", "|", "/"), ("<", "+")])
    for text, number, gaps in (
        ("<a|b", 0, ("a", "b")),
        ("<a|b/c", 1, ("a", "b", "c")),
        ("<a+b", 2, ("a", "b")),
    ):
        # A gap ends at a quote only, so what follows one here has to start with it.
        quoted = text.replace("|", '"|').replace("/", '"/').replace("+", '"+')
        found = Branches([("<", '"|'), ("<", '"|', '"/'), ("<", '"+')]).match(quoted)
        assert found is not None
        branch = made.branches[found.lastindex or 0]
        assert (branch.number, found.group(*branch.groups)) == (number, gaps)


FAULTS: Sequence[Callable[[int], bytes]] = (
    lambda n: line(plain(n)).replace(b"\\n", b"\t"),
    lambda n: line(plain(n)).replace(b"\\n", b"\xff"),
    lambda n: line(plain(n)).replace(b"\\n", b"\\u0000"),
    lambda n: line(plain(n)).replace(b"\\n", b"\\x"),
    lambda n: line(plain(n)).replace(b"\\n", "\u202e".encode()),
    lambda n: line(plain(n)).replace(b'"content"', b'"role"', 1),
    lambda n: line(plain(n)).replace(b'"role": "user"', b'"role": "user", "role": "user"'),
    lambda n: line({**with_tools(n), "messages": [each for each in with_tools(n)["messages"] if each["role"] != "tool"]}),
    lambda n: line({"messages": [said("user", "　\u00a0"), said("assistant", f"有{n}")]}),
    lambda n: line({"messages": [said("user", "有"), said("assistant", f"\n{n}"), said("user", "")]}),
    lambda n: line(with_tools(n, answered="c")),
    lambda n: line(with_tools(n, name="gone")),
    lambda n: line(with_tools(n, arguments='{"id": 7}')),
    lambda n: line(with_tools(n, arguments='{"id": ')),
    lambda n: line(with_tools(n)).replace(b"On its way", b"\x07"),
    lambda n: line(plain(n))[:-1] + b"\r\n",
    lambda n: line(plain(n // 50)),
    lambda n: line({**with_fact(n), "fact": ""}),
    lambda n: line({**with_fact(n), "fact": 7}),
    lambda n: line({**with_fact_behind(n), "fact": "\u202e"}),
    lambda n: line(with_fact(n)).replace(b'"fact"', b'"fact": "x", "fact"'),
)  # fmt: skip


@pytest.mark.parametrize("level", ["rows", "file"])
@pytest.mark.parametrize("seed", range(4))
def test_a_report_is_the_same_whether_or_not_lines_are_looked_at_first(seed: int, level: str) -> None:
    """A rule that wants to see every row makes all of them be parsed."""
    rng = random.Random(seed)
    made = [
        rng.choice(FAULTS)(number) if rng.random() < 0.1 else line(rng.choice(MADE)(number))
        for number in range(1500)
    ]
    seeing = Rule(code="seen", severity=Severity.INFO, summary="nothing", row=lambda _: ())
    glanced, parsed = (
        Dataset.from_jsonl(b"".join(made)).validate(AzureRules(extra=extra), level=level)
        for extra in ([], [seeing])
    )
    assert glanced.examples == parsed.examples
    assert glanced.counts == parsed.counts
    assert [*glanced] == [*parsed]
    assert len(glanced.counts) > 8
