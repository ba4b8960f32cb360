"""Rows that the service takes, and that must not be rejected: no errors, and no other findings than those named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aoai_finetune.dataset import AzureRules, Dataset

Row = dict[str, Any]
S: Row = {"role": "system", "content": "You are a helpful assistant."}
D: Row = {"role": "developer", "content": "Answer briefly."}
U: Row = {"role": "user", "content": "What is the weather in Paris?"}
A: Row = {"role": "assistant", "content": "It is sunny."}
WEATHER: Row = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "minLength": 1},
                "unit": {"type": ["string", "null"], "enum": ["c", "f", None]},
                "days": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                "place": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/place"}]},
            },
            "required": ["city", "unit"],
            "additionalProperties": False,
            "$defs": {"place": {"type": "object"}},
        },
    },
}
BARE: Row = {"type": "function", "function": {"name": "now"}}


def call(arguments: Any, name: str = "get_weather", call_id: str = "call_1") -> Row:
    """A tool call with these arguments."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def calling(*calls: Row, **keys: Any) -> Row:
    """An assistant message that makes calls."""
    return {"role": "assistant", "tool_calls": [*calls], **keys}


def result(content: Any, call_id: str = "call_1") -> Row:
    """The result of a call."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def chat(*messages: Row, **keys: Any) -> Row:
    """A chat row."""
    return {"messages": [*messages], **keys}


def text(content: str) -> Row:
    """A row whose question and answer are this text."""
    return chat({"role": "user", "content": content}, {"role": "assistant", "content": content})


def picture(url: str, **keys: Any) -> Row:
    """An image part."""
    return {"type": "image_url", "image_url": {"url": url, **keys}}


def declared(name: str, properties: Row, **keys: Any) -> Row:
    """A strict tool, as structured outputs ask for it."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
        **keys,
    }
    return {"type": "function", "function": {"name": name, "strict": True, "parameters": parameters}}


PERSON: Row = {
    "person": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
}
PARIS = {"city": "Paris", "unit": "c"}
CHAT: dict[str, Row] = {
    "plain": chat(U, A),
    "with a system message": chat(S, U, A),
    "several turns": chat(S, U, A, U, A, U, A),
    "two users in a row": chat(U, U, A),
    "two answers in a row": chat(U, A, A),
    "two system messages": chat(S, S, U, A),
    "the assistant greets first": chat(S, A, U, A),
    "names": chat({**S, "name": "boss"}, {**U, "name": "ann"}, {**A, "name": "bot"}),
    "weights": chat(U, {**A, "weight": 0}, U, {**A, "weight": 1}),
    "a weight on some": chat(U, {**A, "weight": 0}, U, A),
    "a refusal": chat(U, {"role": "assistant", "refusal": "I cannot help with that."}),
    "a refusal beside null": chat(U, {"role": "assistant", "content": None, "refusal": "I cannot."}),
    "what the API returned": chat(U, {**A, "refusal": None, "audio": None, "function_call": None}),
    "a tool call to the end": chat(U, calling(call(PARIS)), tools=[WEATHER]),
    "a tool call with its result": chat(S, U, calling(call(PARIS)), result("sunny"), A, tools=[WEATHER]),
    "content beside a call": chat(U, calling(call(PARIS), content="Let me look."), tools=[WEATHER]),
    "empty content beside a call": chat(U, calling(call(PARIS), content=""), tools=[WEATHER]),
    "parallel calls": chat(
        U,
        calling(call(PARIS, call_id="a"), call({"city": "Rome", "unit": None}, call_id="b")),
        result("sunny", "b"),
        result("rain", "a"),
        A,
        tools=[WEATHER],
        parallel_tool_calls=True,
    ),
    "parallel calls switched off": chat(U, calling(call(PARIS)), tools=[WEATHER], parallel_tool_calls=False),
    "calls in several turns": chat(
        U,
        calling(call(PARIS, call_id="a")),
        result("{}", "a"),
        calling(call({}, "now", "b")),
        result("12:00", "b"),
        A,
        tools=[WEATHER, BARE],
    ),
    "arrays and what only full JSON Schema knows": chat(
        U,
        calling(call({**PARIS, "days": [1, 2], "place": {"street": "x"}})),
        tools=[WEATHER],
    ),
    "an empty result": chat(U, calling(call(PARIS)), result(""), A, tools=[WEATHER]),
    "a result that is empty": chat(U, calling(call(PARIS)), result(""), A, tools=[WEATHER]),
    "a strict schema with definitions": chat(
        U,
        calling(call({"people": [{"name": "Ann", "age": None}]}, "invite")),
        tools=[
            declared(
                "invite",
                {"people": {"type": "array", "items": {"$ref": "#/$defs/person"}}},
                **{"$defs": PERSON},
            )
        ],
    ),
    "a strict schema with alternatives": chat(
        U,
        calling(call({"item": {"x": 1.5}}, "store")),
        tools=[
            declared(
                "store",
                {
                    "item": {
                        "anyOf": [
                            {"type": "string"},
                            {"type": "object", "properties": {"x": {"type": "number"}}},
                        ]
                    }
                },
            )
        ],
    ),
    "a refusal part": chat(U, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}),
    "Japanese": text("東京本社の電話番号は何番ですか?「総務部」へお問い合わせください…。"),
    "emoji": text("👩‍👩‍👧 👍🏽 🇯🇵 ok"),
    "Arabic": text("مرحبا بالعالم \u200f(ABC)\u200e ١٢٣"),
    "Hebrew with closed isolates": text("שלום \u2068ABC\u2069 עולם"),
    "Hindi and Thai": text("नमस्ते क्‍ष สวัสดีครับ"),
    "code": text("```python\nif a < b:\n\treturn {'x': \"\\u0041\"}\r\n```"),
    "controls of a terminal": text("\x1b[31mred\x1b[0m\x08"),
    "line separators": text("a\u2028b\u0085c\x0bd"),
    "combining characters": text("e\u0301 ﬁ ①"),
    "JSON as an answer": chat(U, {"role": "assistant", "content": '{"a": [1, 2, {"b": null}]}'}),
    "one character": text("?"),
    "a very long text": text("long " * 20_000),
    "HTML and markup": text("<script>alert(1)</script> & {{template}} %s $HOME"),
}
NAMED: dict[str, tuple[Row, set[str]]] = {
    "developer": (chat(D, U, A), {"role-developer"}),
    "system in the middle": (chat(S, U, A, S, U, A), {"system-position"}),
    "an empty answer": (chat(U, {"role": "assistant", "content": ""}), {"content-empty"}),
    "functions": (
        chat(
            U,
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "now", "arguments": "{}"},
            },
            {"role": "function", "name": "now", "content": None},
            A,
            functions=[{"name": "now"}],
        ),
        {"functions-older"},
    ),
    "calls without tools": (chat(U, calling(call(PARIS))), {"tool-undeclared"}),
    "all weights zero": (chat(U, {**A, "weight": 0}), {"weights-zero"}),
    "no question": (chat(S, A), {"user-missing"}),
}
OUTPUT: Row = {"role": "assistant", "content": "It rains."}
DPO: dict[str, Row] = {
    "texts": {"input": chat(U), "preferred_output": [A], "non_preferred_output": [OUTPUT]},
    "as the documentation has it": {
        "input": {"messages": [S, U], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [A],
        "non_preferred_output": [OUTPUT],
    },
    "several turns": {
        "input": chat(S, U, A, U),
        "preferred_output": [A],
        "non_preferred_output": [OUTPUT],
    },
    "calls": {
        "input": {"messages": [U], "tools": [WEATHER]},
        "preferred_output": [calling(call(PARIS)), result("sunny"), A],
        "non_preferred_output": [calling(call({"city": "Rome", "unit": "c"}))],
    },
    "calls that were made before": {
        "input": {"messages": [U, calling(call(PARIS)), result("sunny")], "tools": [WEATHER]},
        "preferred_output": [A],
        "non_preferred_output": [OUTPUT],
    },
}
RFT: dict[str, Row] = {
    "a reference": chat(U, reference_answer="sunny"),
    "a developer": chat(D, U, answer={"city": "Paris", "degrees": 21.5}, weight=3),
    "several turns": chat(S, U, A, U, expected=[1, 2, 3]),
    "tools": chat(U, tools=[WEATHER], parallel_tool_calls=False, target=None),
    "Japanese fields": chat(U, 正解="晴れ"),
    "an image": chat(
        {"role": "user", "content": [{"type": "text", "text": "?"}, picture("https://a.org/a.webp")]},
        label="cat",
    ),
}


def codes(row: Row, method: str = "supervised", dump: Callable[..., str] = json.dumps) -> set[str]:
    """What is found in a file of this row, on the level of rows."""
    dataset = Dataset.from_jsonl(dump(row).encode())
    return set(dataset.validate(AzureRules(method=method), level="rows").counts)


@pytest.mark.parametrize("name", CHAT)
def test_a_valid_chat_row_has_no_findings(name: str) -> None:
    """Whether its text is escaped or not."""
    assert codes(CHAT[name]) == set()
    assert codes(CHAT[name], dump=lambda row: json.dumps(row, ensure_ascii=False)) == set()


@pytest.mark.parametrize("name", NAMED)
def test_an_unusual_chat_row_is_accepted_with_a_word(name: str) -> None:
    """And with no other one."""
    row, expected = NAMED[name]
    assert codes(row) == expected
    assert Dataset.from_examples([row]).validate(level="rows").ok


@pytest.mark.parametrize("name", DPO)
def test_a_valid_preference_row_has_no_findings(name: str) -> None:
    """Under its own method."""
    assert codes(DPO[name], "dpo") == set()


@pytest.mark.parametrize("name", RFT)
def test_a_valid_reinforcement_row_has_no_findings(name: str) -> None:
    """Fields beside the messages are the grader's."""
    assert codes(RFT[name], "reinforcement") == set()


@pytest.mark.parametrize("name", CHAT)
def test_a_valid_chat_row_stays_valid_in_depth(name: str) -> None:
    """Deep rules warn at most; the row is still accepted."""
    rules = AzureRules(model="gpt-4.1-2025-04-14", min_examples=1)
    assert Dataset.from_examples([CHAT[name]]).validate(rules, level="deep").ok
