"""Every rule has a file that breaks it and a nearly identical one that does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from aoai_finetune.dataset import AzureRules, Dataset
from aoai_finetune.errors import DatasetError

Row = dict[str, Any]
USER: Row = {"role": "user", "content": "Q"}
ASSISTANT: Row = {"role": "assistant", "content": "A"}
CALL: Row = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED: Row = {"messages": [USER]}


def said(*messages: Any, **keys: Any) -> Row:
    """A chat row of these messages."""
    return {"messages": [*messages], **keys}


def asked(**keys: Any) -> Row:
    """A chat row whose user message has these keys too."""
    return said({**USER, **keys}, ASSISTANT)


def answered(**keys: Any) -> Row:
    """A chat row whose assistant message has these keys too."""
    return said(USER, {**ASSISTANT, **keys})


def preference(**keys: Any) -> Row:
    """A preference row, complete unless a key is replaced."""
    return {"input": ASKED, "preferred_output": [ASSISTANT], "non_preferred_output": [ASSISTANT], **keys}


TOOL: Row = {"role": "tool", "tool_call_id": "call_1", "content": "1"}
CALLING: Row = {"role": "assistant", "tool_calls": [CALL]}
DECLARED: Row = {
    "type": "function",
    "function": {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {"unit": {"type": "string", "enum": ["day", "week"]}},
            "additionalProperties": False,
        },
    },
}
GOOD = said(USER, ASSISTANT)
PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"


def calls(*made: Any, **keys: Any) -> Row:
    """A row that ends with these calls of a declared tool."""
    return said(USER, {"role": "assistant", "tool_calls": [*made]}, **{"tools": [DECLARED], **keys})


def call(arguments: str = "{}", name: str = "f", **keys: Any) -> Row:
    """A tool call."""
    return {**CALL, "function": {"name": name, "arguments": arguments}, **keys}


def tool(**keys: Any) -> Row:
    """A row that declares one tool, with these keys in its function."""
    return {**GOOD, "tools": [{"type": "function", "function": {**DECLARED["function"], **keys}}]}


def image(url: str = PNG, role: str = "user", **keys: Any) -> Row:
    """A row with an image."""
    part = {"type": "image_url", "image_url": {"url": url, **keys}}
    return said({"role": role, "content": [part]}, *([] if role == "assistant" else [ASSISTANT]))


# code: (path, broken row, nearly identical good row) or, for files, (path, broken rows, good rows)
CASES: dict[str, tuple[str, Any, Any]] = {
    "encoding": ("", b'{"messages": "\xff"}', GOOD),
    "bom-inside": ("", b'\xef\xbb\xbf{"messages": []}', GOOD),
    "blank-line": ("", b"  ", GOOD),
    "json-syntax": ("", b'{"messages": [1,]}', GOOD),
    "json-truncated": ("", b'{"messages": [1', GOOD),
    "json-duplicate-key": ("", b'{"messages": [], "messages": [{}]}', GOOD),
    "json-number": ("", b'{"messages": 1e999}', GOOD),
    "json-depth": ("", b'{"messages": ' + b"[" * 300 + b"]" * 300 + b"}", GOOD),
    "json-surrogate": ("", b'{"messages": "\\ud800"}', GOOD),
    "not-an-object": ("", [GOOD], GOOD),
    "fact-type": ("fact", {**GOOD, "fact": 1}, {**GOOD, "fact": "1"}),
    "messages-missing": ("messages", {"tools": []}, GOOD),
    "messages-type": ("messages", {"messages": {}}, GOOD),
    "messages-empty": ("messages", {"messages": []}, GOOD),
    "message-type": ("messages[0]", said("Q", ASSISTANT), GOOD),
    "role-missing": ("messages[0].role", said({"content": "Q"}, ASSISTANT), GOOD),
    "role-unknown": ("messages[0].role", asked(role="users"), asked(role="user")),
    "role-spelling": ("messages[0].role", asked(role="User"), asked(role="user")),
    "role-developer": ("messages[0].role", asked(role="developer"), asked(role="system")),
    "content-missing": (
        "messages[1].content",
        answered(content=None),
        answered(content=None, tool_calls=[CALL]),
    ),
    "content-type": ("messages[0].content", asked(content=3), asked(content="3")),
    "content-empty": ("messages[0].content", asked(content=" "), asked(content=".")),
    "name-type": ("messages[0].name", asked(name=3), asked(name="three")),
    "message-key-unknown": ("messages[0].refusal", asked(refusal="no"), answered(refusal="no")),
    "row-key-unknown": ("note", {**GOOD, "note": ""}, {**GOOD, "tools": []}),
    "weight-value": ("messages[1].weight", answered(weight=2), answered(weight=0)),
    "weight-role": ("messages[0].weight", asked(weight=1), answered(weight=1)),
    "null-key": ("messages[1].weight", answered(weight=None), answered(refusal=None, function_call=None)),
    "tool-calls": ("messages[1].tool_calls", answered(tool_calls=[]), answered(tool_calls=[CALL])),
    "function-call": (
        "messages[1].function_call.arguments",
        answered(function_call={"name": "f"}),
        answered(function_call={"name": "f", "arguments": "{}"}),
    ),
    "tool-call-id": (
        "messages[2].tool_call_id",
        said(USER, ASSISTANT, {"role": "tool", "content": "1"}, ASSISTANT),
        said(USER, ASSISTANT, TOOL, ASSISTANT),
    ),
    "assistant-missing": ("messages", said(USER), said(USER, ASSISTANT)),
    "last-message": ("messages[2]", said(USER, ASSISTANT, USER), said(USER, ASSISTANT, USER, ASSISTANT)),
    "user-missing": ("messages", said(ASSISTANT), said(USER, ASSISTANT)),
    "preference-row": ("", preference(), GOOD),
    "refusal-type": ("messages[1].refusal", answered(refusal=True), answered(refusal=None)),
    "audio": ("messages[1].audio", answered(audio={"id": "a"}), answered(audio=None)),
    "parallel-tool-calls": (
        "parallel_tool_calls",
        {**GOOD, "parallel_tool_calls": "no"},
        {**GOOD, "parallel_tool_calls": False},
    ),
    "tools-type": ("tools[0].function.name", tool(name=None), tool(strict=None)),
    "part-role": (
        "messages[0].content[0]",
        said({"role": "system", "content": [{"type": "refusal", "refusal": "no"}]}, USER, ASSISTANT),
        said(USER, {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}),
    ),
    "system-position": (
        "messages[1].role",
        said(USER, {"role": "system", "content": "S"}, ASSISTANT),
        said({"role": "system", "content": "S"}, {"role": "system", "content": "T"}, USER, ASSISTANT),
    ),
    "weights-zero": (
        "messages",
        answered(weight=0),
        said(USER, {**ASSISTANT, "weight": 0}, USER, ASSISTANT),
    ),
    "tool-call-unknown": (
        "messages[2].tool_call_id",
        said(USER, CALLING, {**TOOL, "tool_call_id": "call_2"}, ASSISTANT),
        said(USER, CALLING, TOOL, ASSISTANT),
    ),
    "tool-call-unanswered": (
        "messages[1].tool_calls[0].id",
        said(USER, CALLING, USER, ASSISTANT),
        said(USER, CALLING, TOOL, USER, ASSISTANT),
    ),
    "tool-call-twice": (
        "messages[1].tool_calls[1].id",
        calls(call(), call()),
        calls(call(), call(id="call_2")),
    ),
    "tool-undeclared": (
        "messages[1].tool_calls[0].function.name",
        calls(call(name="g")),
        calls(call()),
    ),
    "tool-arguments": (
        "messages[1].tool_calls[0].function.arguments",
        calls(call("{'unit': 'day'}")),
        calls(call('{"unit": "day"}')),
    ),
    "tool-schema": (
        "messages[1].tool_calls[0].function.arguments.unit",
        calls(call('{"unit": "year"}')),
        calls(call('{"unit": "week"}')),
    ),
    "tool-twice": (
        "tools[1].function.name",
        {**GOOD, "tools": [DECLARED, DECLARED]},
        {**GOOD, "tools": [DECLARED, {"type": "function", "function": {"name": "g"}}]},
    ),
    "parallel-calls": (
        "messages[1].tool_calls",
        calls(call(), call(id="call_2"), parallel_tool_calls=False),
        calls(call(), call(id="call_2"), parallel_tool_calls=True),
    ),
    "functions-older": ("functions", {**GOOD, "functions": [{"name": "f"}]}, tool()),
    "functions-type": ("functions", {**GOOD, "functions": []}, {**GOOD, "functions": [{"name": "f"}]}),
    "tool-name": ("tools[0].function.name", tool(name="get order"), tool(name="get_order-2")),
    "image-url": ("messages[0].content[0].image_url.url", image("a.png"), image("https://a.org/a.png")),
    "image-detail": ("messages[0].content[0].image_url.detail", image(detail="best"), image(detail="low")),
    "image-format": (
        "messages[0].content[0].image_url.url",
        image(PNG.replace("iVBORw0KGgo", "R0lGODlhAQA")),
        image(),
    ),
    "images-per-row": (
        "messages",
        said({"role": "user", "content": image()["messages"][0]["content"] * 65}, ASSISTANT),
        said({"role": "user", "content": image()["messages"][0]["content"] * 64}, ASSISTANT),
    ),
    "image-size": (
        "messages[0].content[0].image_url.url",
        image(PNG + "A" * 13_400_000),
        image(PNG + "A" * 13_200_000),
    ),
    "message-length": (
        "messages[0].content",
        asked(content="x" * 1_048_577),
        asked(content="x" * 1_048_576),
    ),
    "list-too-long": ("messages", said(*[USER] * 4_000, ASSISTANT), said(*[USER] * 3_999, ASSISTANT)),
    "json-integer": (
        "tools[0].function.parameters.maximum",
        tool(parameters={"maximum": 2**53 + 1}),
        tool(parameters={"maximum": 2**53}),
    ),
    "nul-character": ("messages[0].content", asked(content="a\0b"), asked(content="a b")),
    "bidi-control": (
        "messages[0].content",
        asked(content="user\u202enimda"),
        asked(content="\u2067مرحبا\u2069 \u200fabc"),
    ),
}
DEEP: dict[str, tuple[str, Any, Any]] = {
    "text-damaged": ("messages[0].content", asked(content="caf\ufffd"), asked(content="café")),
    "white-space": ("messages[1].content", answered(content="A\n"), answered(content="A\nB")),
    "secret": (
        "messages[0].content",
        asked(content="my key is sk-" + "a1" * 20),
        asked(content="my key is sk-..., as always"),
    ),
    "personal-data": (
        "messages[0].content",
        asked(content="write to ann.lee@contoso.com"),
        asked(content="write to ann.lee@example.com"),
    ),
}
OTHER_METHODS: dict[str, tuple[str, str, Any, Any]] = {
    "last-message-user": ("reinforcement", "messages[1]", said(USER, ASSISTANT), said(ASSISTANT, USER)),
    "preference-outputs": ("dpo", "preferred_output", preference(preferred_output="A"), preference()),
    "chat-row": ("dpo", "messages", GOOD, preference()),
    "preference-names": (
        "dpo",
        "preferred_completion",
        {"input": ASKED, "preferred_completion": [ASSISTANT], "non_preferred_completion": [ASSISTANT]},
        preference(),
    ),
    "preference-same": (
        "dpo",
        "non_preferred_output",
        preference(),
        preference(preferred_output=[{**ASSISTANT, "content": "better"}]),
    ),
}


@dataclass(frozen=True, kw_only=True)
class File:
    """Rows that break a rule about whole files, nearly the same ones that do not, and how they are validated."""

    broken: Any
    good: Any
    rules: dict[str, Any] = field(default_factory=dict[str, Any])
    fact: str | None = None
    history: list[Row] | None = None
    validation: list[Row] | None = None

    def counts(self, rows: Any) -> Mapping[str, int]:
        """Findings per code at the deepest level. Bytes are a file as it is."""
        data = rows if isinstance(rows, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        others = {"history": self.history, "validation": self.validation}
        given: dict[str, Any] = {
            name: Dataset.from_examples(rows) for name, rows in others.items() if rows is not None
        }
        rules = AzureRules(**self.rules)
        return Dataset.from_jsonl(data, fact=self.fact).validate(rules, level="deep", **given).counts


def pair(question: str, answer: str = "A", **keys: Any) -> Row:
    """A row of a question and its answer."""
    return said({**USER, "content": question}, {**ASSISTANT, "content": answer}, **keys)


def at_most(name: str, value: int, **keys: Any) -> dict[str, Any]:
    """Rules with another limit."""
    return {"limits": {name: value}, **keys}


LONG = " ".join(f"word{n}" for n in range(40))
PHRASED = [pair(f"{word} x?") for word in ("a", "b", "c", "d")]
BOUGHT = [pair(f"What does product {n} cost?", f"It costs {n * 7} dollars.") for n in range(20)]
SPOKEN = [pair(f"What does product {n} cost?", f"My dear friend, ask the shop{'!' * n}") for n in range(20)]
SIZE = len(json.dumps(GOOD)) + 1
TOKENS = Dataset.from_examples([GOOD]).tokens().tokens
GRADED: Row = {**ASKED, "reference": 1}
FILES: dict[str, File] = {
    "json-array": File(broken=b'[{"messages": []}]', good=b'{"messages": []}'),
    "csv-table": File(broken=b"question,answer\nQ,A\n", good=b'{"question": "Q"}\n'),
    "file-binary": File(broken=b"PAR1\x15\x04\n", good=json.dumps(GOOD).encode()),
    "file-encoding": File(
        broken=(json.dumps(GOOD) + "\n").encode("utf-16"), good=(json.dumps(GOOD) + "\n").encode("utf-8-sig")
    ),
    "line-end-cr": File(
        broken=(json.dumps(GOOD) + "\r").encode() * 2, good=(json.dumps(GOOD) + "\r\n").encode() * 2
    ),
    "json-spread": File(broken=json.dumps(GOOD, indent=1).encode(), good=json.dumps(GOOD).encode()),
    "line-end": File(broken=json.dumps(GOOD).encode() + b"\r\n", good=[GOOD]),
    "row-too-long": File(broken=b" " * (64 << 20) + b"{}\n", good=b" " * (64 << 10) + b"{}\n"),
    "fact-missing": File(fact="topic", broken=[GOOD], good=[{**GOOD, "topic": "t"}]),
    "too-few-examples": File(broken=[GOOD] * 9, good=[GOOD] * 10),
    "duplicate-row": File(broken=[GOOD, GOOD], good=[GOOD, pair("Q!")]),
    "one-answer": File(broken=[pair("Q"), pair("R")], good=[pair("Q"), pair("R", "B")]),
    "few-phrasings": File(broken=[*PHRASED[:3], PHRASED[0]], good=PHRASED),
    "fact-answers": File(
        broken=[pair("Q", "9", fact="f"), pair("R", "9.5", fact="f")],
        good=[pair("Q", "9", fact="f"), pair("R", "9.", fact="f"), pair("S", "9.5")],
    ),
    "history-conflict": File(history=[pair("Q", "A")], broken=[pair("q?", "B")], good=[pair("q?", "a.")]),
    "near-miss": File(
        history=[pair("What does the plan for ten people cost?", "10")],
        broken=[pair("What does the plan for ten people cost now?", "12")],
        good=[pair("What does the plan for ten people cost now?", "10")],
    ),
    "contradiction": File(broken=[pair("Q", "A"), pair("Q", "B")], good=[pair("Q", "A"), pair("R", "B")]),
    "shared-row": File(validation=[GOOD], broken=[pair("R"), GOOD], good=[pair("R"), pair("S")]),
    "shared-question": File(validation=[GOOD], broken=[pair("q?", "B")], good=[pair("r?", "B")]),
    "grader-fields": File(
        rules={"method": "reinforcement"},
        broken=[GRADED, ASKED],
        good=[GRADED, {**GRADED, "reference": None}],
    ),
    "file-size": File(rules=at_most("file-bytes", SIZE), broken=[GOOD, GOOD], good=[GOOD]),
    "file-size-upload": File(rules=at_most("upload-bytes", SIZE), broken=[GOOD, GOOD], good=[GOOD]),
    "file-size-portal": File(rules=at_most("portal-bytes", SIZE), broken=[GOOD, GOOD], good=[GOOD]),
    "example-tokens": File(rules=at_most("example-tokens", TOKENS), broken=[pair("Q " * 9)], good=[GOOD]),
    "job-tokens": File(
        rules=at_most("job-tokens", 2 * TOKENS, n_epochs=2), broken=[GOOD, pair("R")], good=[GOOD]
    ),
    "images-per-file": File(rules=at_most("images-per-file", 1), broken=[image(), image()], good=[image()]),
    "image-model": File(
        rules={"model": "gpt-4.1-nano-2025-04-14"}, broken=[image()], good=[{**GOOD, "tools": []}]
    ),
    "near-duplicate": File(
        broken=[pair("Q", LONG), pair("Q", f"{LONG} more")], good=[pair("Q", LONG), pair("Q", LONG[::-1])]
    ),
    "knowledge-like": File(broken=BOUGHT, good=SPOKEN),
}


def found(lines: Any, row: Any, method: str = "supervised", level: str = "rows") -> Iterator[tuple[str, str]]:
    """Codes and paths of what a file says about its second row."""
    report = Dataset.from_jsonl(lines(GOOD, row)).validate(AzureRules(method=method), level=level)
    return ((finding.code, finding.path) for finding in report.findings if finding.line == 2)


@pytest.mark.parametrize("code", CASES)
def test_a_broken_row_is_found_where_it_is_broken(lines: Any, code: str) -> None:
    """The code and the path; other rules may have something to say about the same row."""
    path, broken, _ = CASES[code]
    assert (code, path) in found(lines, broken)


@pytest.mark.parametrize("code", CASES)
def test_the_row_beside_it_is_accepted(lines: Any, code: str) -> None:
    """No false alarm of the same rule."""
    assert code not in dict(found(lines, CASES[code][2]))


@pytest.mark.parametrize("code", DEEP)
def test_what_only_a_deep_look_finds(lines: Any, code: str) -> None:
    """In plain rows too, for which other rules are skipped; and not on the levels above."""
    path, broken, good = DEEP[code]
    assert (code, path) in found(lines, broken, level="deep")
    assert code not in dict(found(lines, good, level="deep"))
    assert code not in dict(found(lines, broken, level="file"))


@pytest.mark.parametrize("code", OTHER_METHODS)
def test_rules_of_other_methods_find_what_they_are_for(lines: Any, code: str) -> None:
    """Preference and reinforcement rows have rules of their own."""
    method, path, broken, good = OTHER_METHODS[code]
    assert (code, path) in found(lines, broken, method)
    assert code not in dict(found(lines, good, method))


@pytest.mark.parametrize("code", FILES)
def test_rules_about_whole_files_find_what_they_are_for(code: str) -> None:
    """In the one file, and not in the one beside it."""
    case = FILES[code]
    assert code in case.counts(case.broken)
    assert code not in case.counts(case.good)


def test_no_rule_is_without_an_example() -> None:
    """So a new rule cannot be added without showing what it means."""
    methods = ("supervised", "dpo", "reinforcement")
    rules = {rule.code for method in methods for rule in AzureRules(method=method).describe()}
    assert rules == {*CASES, *DEEP, *OTHER_METHODS, *FILES}


def test_a_function_message_says_that_it_has_no_content(lines: Any) -> None:
    """Null is enough, leaving it out is not."""
    called = {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}
    row = said(USER, called, {"role": "function", "name": "f"}, ASSISTANT)
    assert ("content-missing", "messages[2].content") in found(lines, row)
    row["messages"][2]["content"] = None
    assert "content-missing" not in dict(found(lines, row))


NULL: Row = {
    "role": "user",
    "content": "Q",
    "name": None,
    "weight": None,
    "tool_calls": None,
    "tool_call_id": None,
}


def test_null_is_one_finding_whatever_the_key_is(lines: Any) -> None:
    """Not one as a key of another role, one as a value of the wrong type, and one of the key itself."""
    row = said(NULL, {**ASSISTANT, "tool_calls": None}, tools=None, functions=None, parallel_tool_calls=None)
    assert {code for code, _ in found(lines, row)} == {"null-key"}
    assert len(list(found(lines, row))) == 8


def test_null_where_a_value_is_needed_is_a_value_of_the_wrong_type(lines: Any) -> None:
    """Leaving it out would not help."""
    row = said(USER, CALLING, {**TOOL, "tool_call_id": None}, ASSISTANT)
    assert ("tool-call-id", "messages[2].tool_call_id") in found(lines, row)
    row["messages"][2] = {"role": "function", "name": None, "content": "1"}
    assert ("name-type", "messages[2].name") in found(lines, row)
    assert "null-key" not in dict(found(lines, row))


@pytest.mark.parametrize(
    ("said_by", "path"),
    [
        ({"refusal": "TEXT"}, "refusal"),
        ({"tool_calls": [call('{"key": "TEXT"}')]}, "tool_calls[0].function.arguments"),
        ({"function_call": {"name": "f", "arguments": '{"key": "TEXT"}'}}, "function_call.arguments"),
    ],
)
@pytest.mark.parametrize(
    ("text", "code"),
    [("sk-" + "a1" * 20, "secret"), ("ann.lee@contoso.com", "personal-data"), ("\u202eabc", "bidi-control"),
     ("caf\ufffd", "text-damaged")],
)  # fmt: skip
def test_what_the_model_says_in_calls_and_refusals_is_looked_at_too(
    lines: Any, said_by: Row, path: str, text: str, code: str
) -> None:
    """It learns them like any other text."""
    turn = json.loads(json.dumps(said_by).replace("TEXT", text))
    row = said(USER, {"role": "assistant", "content": None, **turn}, tools=[DECLARED])
    assert (code, f"messages[1].{path}") in found(lines, row, level="deep")


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("usr", "user"),
        ("human", "user"),
        ("Human", "user"),
        ("ユーザー", "user"),
        ("gpt", "assistant"),
        ("ChatGPT", "assistant"),
        ("bot", "assistant"),
        ("AI", "assistant"),
        ("model", "assistant"),
        ("アシスタント", "assistant"),
        ("システム", "system"),
    ],
)
def test_another_name_of_a_role_says_which_it_is(lines: Any, name: str, role: str) -> None:
    """As other formats have it, or as people say."""
    report = Dataset.from_jsonl(lines(asked(role=name))).validate(level="rows")
    [finding] = [finding for finding in report if finding.code == "role-unknown"]
    assert finding.message == f"there is no such role; did you mean `{role}`?"


@pytest.mark.parametrize(
    ("name", "role"),
    [("User", "user"), ("ASSISTANT", "assistant"), (" System ", "system"), ("tool\n", "tool")],
)
def test_a_role_in_another_spelling_is_a_finding_of_its_own(lines: Any, name: str, role: str) -> None:
    """Which has a safe fix, as a role that nobody knows has not."""
    report = Dataset.from_jsonl(lines(asked(role=name))).validate(level="rows")
    [finding] = [finding for finding in report if finding.path == "messages[0].role"]
    assert (finding.code, finding.fix) == ("role-spelling", "role-spelling")
    assert f"`{role}`" in finding.message


SYSTEM: Row = {"role": "system", "content": "S"}
PICTURE: Row = image()["messages"][0]


@pytest.mark.parametrize(
    "row",
    [
        said(SYSTEM, USER, ASSISTANT),
        said(USER, {**ASSISTANT, "weight": 0}, USER, {**ASSISTANT, "weight": 1}),
        said(USER, CALLING, TOOL, ASSISTANT, tools=[DECLARED]),
        said(PICTURE, ASSISTANT),
        said(USER, {"role": "assistant", "content": None, "refusal": "no"}),
    ],
)
@pytest.mark.parametrize(
    "other", [str.title, "{} ".format, {"user": "human", "assistant": "gpt"}.get, lambda role: f"{role}s"]
)
def test_a_role_by_another_name_is_one_finding_of_its_message(lines: Any, row: Row, other: Any) -> None:
    """What only follows from it, such as an answer that is missing, is not told beside it."""
    turns = [{**turn, "role": other(turn["role"]) or turn["role"]} for turn in row["messages"]]
    wrong = [at for at, turn in enumerate(turns) if turn["role"] != row["messages"][at]["role"]]
    told = [*found(lines, {**row, "messages": turns})]
    assert {code for code, _ in told} <= {"role-unknown", "role-spelling"}
    assert [path for _, path in told] == [f"messages[{at}].role" for at in wrong]


@pytest.mark.parametrize("name", ["narrator", None, 3])
def test_what_hangs_on_a_role_that_nobody_knows_is_not_told(lines: Any, name: Any) -> None:
    """It may be the one that seems to be missing."""
    for turns in ([{**USER, "role": name}, ASSISTANT], [USER, {**CALLING, "content": "A", "role": name}]):
        codes = {code for code, _ in found(lines, said(*turns, tools=[DECLARED]))}
        assert codes == {"role-unknown" if name == "narrator" else "role-missing"}
    [told] = found(lines, preference(preferred_output=[{**ASSISTANT, "role": name}]), "dpo")
    assert told[0] in {"role-unknown", "role-missing"}
    [told] = found(lines, said({**USER, "role": name}), "reinforcement")
    assert told[0] in {"role-unknown", "role-missing"}


def test_what_is_missing_whatever_a_role_stands_for_is_told_beside_it(lines: Any) -> None:
    """Two questions are no answer, in any case of letters."""
    row = said({**USER, "role": "User"}, {**USER, "role": "HUMAN"})
    assert [code for code, _ in found(lines, row)] == ["assistant-missing", "role-spelling", "role-unknown"]


@pytest.mark.parametrize("name", ["narrator", "x", "", "critic", "hum", "bott" * 30])
def test_a_role_that_stands_for_no_other_is_not_guessed(lines: Any, name: str) -> None:
    """The remedy names those that there are."""
    report = Dataset.from_jsonl(lines(asked(role=name))).validate(level="rows")
    [finding] = [finding for finding in report if finding.code == "role-unknown"]
    assert finding.message == "there is no such role"
    assert finding.hint == "Use system, user, assistant or tool"


def test_an_unknown_role_suggests_the_near_one(lines: Any) -> None:
    """And does not repeat what stood there, which could be anything."""
    [finding] = Dataset.from_jsonl(lines(asked(role="assistent"))).validate(level="rows").findings[:1]
    assert "`assistant`" in finding.message
    assert "assistent" not in finding.message


def test_a_key_that_is_no_name_is_not_repeated(lines: Any) -> None:
    """Rows written the wrong way round have the question as a key."""
    report = Dataset.from_jsonl(lines({**GOOD, "What is our secret?": ""})).validate(level="rows")
    assert [finding.path for finding in report.findings] == ["*"]


@pytest.mark.parametrize("row", [{"prompt": "Q", "completion": "A"}, {"conversations": []}])
def test_older_formats_are_recognised(lines: Any, row: Row) -> None:
    """The finding says what they are, not only what is missing."""
    report = Dataset.from_jsonl(lines(row)).validate(level="rows")
    [message] = [finding.message for finding in report.findings if finding.code == "messages-missing"]
    assert "no `messages`" not in message


@pytest.mark.parametrize(
    "key",
    ["message", "Messages", "MESSAGES", "mesages", "massages", "conversation", "dialog", "chat", "msgs"],
)
def test_messages_by_another_name_are_one_finding(lines: Any, key: str) -> None:
    """Nobody should remove the key that holds all texts."""
    row = {key: GOOD["messages"]}
    report = Dataset.from_jsonl(lines(GOOD, row)).validate(level="rows")
    [finding] = report.findings
    assert (finding.code, finding.path) == ("messages-missing", key)
    assert finding.message == f"the row has `{key}` where `messages` is meant"
    assert (finding.fix == "key-spelling") is (key.lower() == "messages")
    assert {path for _, path in found(lines, {**row, "note": 1})} == {key, "note"}


def test_a_text_and_a_key_beside_messages_stand_for_none(lines: Any) -> None:
    """They are keys like any other."""
    assert [*found(lines, {"message": "Q"})] == [
        ("messages-missing", "messages"),
        ("row-key-unknown", "message"),
    ]
    assert [*found(lines, {**GOOD, "Messages": []})] == [("row-key-unknown", "Messages")]
    assert [*found(lines, {"": []})] == [("messages-missing", "messages"), ("row-key-unknown", "*")]
    assert [*found(lines, asked(**{"": "Q"}))] == [("message-key-unknown", "messages[0].*")]
    assert [*found(lines, {"games": []})] == [("messages-missing", "messages"), ("row-key-unknown", "games")]


@pytest.mark.parametrize("key", ["Content", "text", "value", "contnet"])
def test_content_by_another_name_is_one_finding(lines: Any, key: str) -> None:
    """Not one for the key that is missing, and one for that which is there."""
    told = [*found(lines, said(USER, {"role": "assistant", key: "A"}))]
    assert told == [("content-missing", f"messages[1].{key}")]
    told = [*found(lines, said(USER, {**CALLING, key: "A"}, tools=[DECLARED]))]
    assert told == [("message-key-unknown", f"messages[1].{key}")]


@pytest.mark.parametrize("key", ["Role", "speaker", "from"])
def test_a_role_by_another_name_of_its_key_is_one_finding(lines: Any, key: str) -> None:
    """And nothing that hangs on the role."""
    assert [*found(lines, said(USER, {key: "x", "content": "A"}))] == [("role-missing", f"messages[1].{key}")]


def test_all_that_is_wrong_with_a_row_is_listed(lines: Any) -> None:
    """Not only the first thing."""
    row = said({"role": "usr", "content": 3}, {"role": "assistant"}, note="")
    codes = {code for code, _ in found(lines, row)}
    assert codes == {"role-unknown", "content-type", "content-missing", "row-key-unknown"}


def test_a_rule_can_be_switched_off(lines: Any) -> None:
    """By its code."""
    rules = AzureRules(off=["row-key-unknown"], min_examples=1)
    assert Dataset.from_jsonl(lines({**GOOD, "note": ""})).validate(rules).ok
    assert "row-key-unknown" not in {rule.code for rule in rules.describe()}


def test_a_rule_that_does_not_exist_cannot_be_switched_off() -> None:
    """A typing error would silently check more than asked for."""
    with pytest.raises(DatasetError, match="row-key-unknown"):
        AzureRules(off=["row-keys-unknown"])


def test_rules_of_reading_cannot_be_switched_off() -> None:
    """The row could not be used anyway."""
    with pytest.raises(DatasetError, match="cannot be switched off"):
        AzureRules(off=["json-syntax"])


def test_one_text_is_not_a_collection_of_codes() -> None:
    """`off="encoding"` would otherwise be eight codes of one letter."""
    with pytest.raises(DatasetError, match=r"off=\['content-empty'\]"):
        AzureRules(off="content-empty")


def test_an_unknown_method_is_an_error() -> None:
    """The message lists those there are."""
    with pytest.raises(DatasetError, match="supervised, dpo, reinforcement"):
        AzureRules(method="sft")


def test_every_rule_says_where_it_comes_from() -> None:
    """With a date, because services change; and its code is a stable, plain name."""
    for rule in AzureRules().describe():
        assert rule.code == rule.code.lower().replace("_", "-")
        assert re.search(r"20[12]\d", rule.source)
        assert rule.summary
        assert rule.hint


def test_an_unknown_level_is_an_error(ten: list[Row]) -> None:
    """The message lists those there are."""
    with pytest.raises(DatasetError, match="rows, file, deep"):
        Dataset.from_examples(ten).validate(level="deeper")


def test_the_rules_print_as_counts() -> None:
    """In a log, for example."""
    assert repr(AzureRules(model="m")).startswith("AzureRules(model='m', method='supervised', rules=")
