"""Safe fixes, each listed; what is not safe is only suggested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aoai_finetune.dataset import AzureRules, Dataset, Finding, Repaired
from aoai_finetune.dataset.checks._rule import Method
from aoai_finetune.dataset.editing._mend import MENDERS
from aoai_finetune.dataset.reading._foreign import FOREIGN
from aoai_finetune.errors import DatasetError

BOM = b"\xef\xbb\xbf"
CALL = {"name": "look_up", "arguments": "{}"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def repaired(*rows: Any, **options: Any) -> Repaired:
    """The repair of rows given as dictionaries or as lines of bytes."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows]
    return Dataset.from_jsonl(b"".join(lines)).repair(**options)


def validated(*rows: Any) -> list[Finding]:
    """What is said of rows one by one."""
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    return [*Dataset.from_jsonl(b"".join(lines)).validate(level="rows")]


def said(*turns: tuple[str, Any], **keys: Any) -> dict[str, Any]:
    """A row of messages."""
    return {"messages": [{"role": role, "content": text} for role, text in turns], **keys}


GOOD = said(("user", "Q"), ("assistant", "A"))


def test_rows_without_a_fault_are_given_back() -> None:
    """Not a copy: the same dataset."""
    dataset = Dataset.from_examples([GOOD])
    repair = dataset.repair()
    assert (repair.dataset is dataset, repair.fixes) == (True, ())


def test_a_byte_order_mark_at_the_start_is_listed() -> None:
    """And gone from what is written."""
    repair = repaired(BOM, GOOD)
    assert [(fix.code, fix.line, fix.row) for fix in repair.fixes] == [("byte-order-mark", 1, None)]
    assert repair.dataset == Dataset.from_examples([GOOD])


def test_a_byte_order_mark_inside_makes_a_row_readable() -> None:
    """It remains when files are joined."""
    repair = repaired(GOOD, BOM + json.dumps(said(("user", "R"), ("assistant", "B"))).encode())
    assert [(fix.code, fix.line, fix.row) for fix in repair.fixes] == [("byte-order-mark", 2, 1)]
    assert [example.question for example in repair.dataset] == ["Q", "R"]


def test_a_line_of_nothing_but_a_byte_order_mark_goes() -> None:
    """There is no row behind it."""
    repair = repaired(GOOD, BOM + b"\n")
    assert len(repair.original) == 2
    assert repair.dataset == Dataset.from_examples([GOOD])


def test_line_ends_are_one_fix_for_a_file() -> None:
    """A million lines do not make a million fixes, and nothing is left to find."""
    data = (json.dumps(GOOD).encode() + b"\r\n") * 2
    repair = Dataset.from_jsonl(data).repair(off=["duplicate-row"])
    [fix] = repair.fixes
    assert (fix.code, fix.line, fix.was) == ("line-end", 1, "2 lines from here on end with CR LF")
    assert "line-end" not in repair.dataset.validate().counts


def test_blank_lines_go_and_line_numbers_stay() -> None:
    """A finding after the repair still names the line of the file."""
    repair = repaired(b"\n", GOOD, b" \t\n", said(("user", "R"), ("assistant", "B")))
    assert [(fix.code, fix.line) for fix in repair.fixes] == [("blank-line", 1), ("blank-line", 3)]
    assert [example.line for example in repair.dataset] == [2, 4]
    assert "blank-line" not in repair.dataset.validate().counts


def test_blank_lines_that_follow_one_another_are_one_fix() -> None:
    """A file of a megabyte of them is answered soon, in little memory."""
    rows = [b"\n", b" \n", b"\r\n", GOOD, b"\n", said(("user", "R"), ("assistant", "B")), b"\n" * 300_000]
    repair = repaired(*rows)
    found = [(fix.line, fix.was) for fix in repair.fixes if fix.code == "blank-line"]
    assert found == [
        (1, "3 blank lines from here on"),
        (5, "a blank line"),
        (7, "300,000 blank lines from here on"),
    ]
    assert [example.line for example in repair.dataset] == [4, 6]


def test_blank_lines_of_several_files_are_fixes_of_each(tmp_path: Path) -> None:
    """Also where the numbers of their lines go on."""
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_bytes(b"\n" + json.dumps(GOOD).encode())
    two.write_bytes(json.dumps(GOOD).encode() + b"\n\n\n")
    fixes = (Dataset.from_jsonl(one) + Dataset.from_jsonl(two)).repair(off=["duplicate-row"]).fixes
    assert [(fix.source, fix.line, fix.was) for fix in fixes] == [
        (str(one), 1, "a blank line"),
        (str(two), 2, "2 blank lines from here on"),
    ]


def test_exact_copies_go() -> None:
    """The fix names the line that stays."""
    repair = repaired(GOOD, said(("user", "R"), ("assistant", "B")), GOOD)
    assert [(fix.code, fix.line, fix.was) for fix in repair.fixes] == [
        ("duplicate-row", 3, "the same row as line 1")
    ]
    assert len(repair.dataset) == 2


def test_a_row_that_becomes_a_copy_goes_too() -> None:
    """Copies are looked for last."""
    repair = repaired(GOOD, {"prompt": "Q", "completion": " A"})
    assert list(repair.counts) == ["duplicate-row", "prompt-completion", "white-space"]
    assert len(repair.dataset) == 1


def test_the_same_row_for_two_facts_is_kept_and_suggested() -> None:
    """Which of the facts is meant cannot be told."""
    repair = repaired({**GOOD, "fact": "f"}, {**GOOD, "fact": "g"})
    assert repair.fixes == ()
    assert [each.finding.code for each in repair.suggestions] == ["duplicate-row"]


def test_the_repeats_of_a_planned_file_are_left_alone_when_asked() -> None:
    """And not suggested either."""
    repair = repaired(GOOD, GOOD, off=["duplicate-row"])
    assert (repair.fixes, repair.suggestions, len(repair.dataset)) == ((), (), 2)


def test_a_prompt_and_its_completion_become_messages() -> None:
    """The fact stays with the row."""
    repair = repaired({"prompt": "Q", "completion": "A", "fact": "f", "system": "S"})
    [example] = repair.dataset
    assert example.row == said(("system", "S"), ("user", "Q"), ("assistant", "A"))
    assert example.fact == "f"
    assert repair.suggestions == ()


def test_a_chat_prompt_and_its_completion_become_messages() -> None:
    """The newer form of the same two keys."""
    turns = GOOD["messages"]
    assert repaired({"prompt": turns[:1], "completion": turns[1:]}).dataset[0].row == GOOD


def test_turns_with_from_and_value_become_messages() -> None:
    """ShareGPT's form, with weights where they are sound."""
    turns = [{"from": "system", "value": "S"}, {"from": "human", "value": "Q"}]
    answer = {"from": "gpt", "value": "A", "weight": 1}
    [example] = repaired({"conversations": [*turns, answer], "system": "T"}).dataset
    assert [message.role for message in example.messages] == ["system", "user", "assistant"]
    assert example.messages[2].weight == 1


@pytest.mark.parametrize(("asks", "answers"), [("human", "bot"), ("Human", "GPT"), ("user", "model")])
def test_speakers_have_several_names(asks: str, answers: str) -> None:
    """Those by which a finding knows them, too."""
    turns = [{"from": asks, "value": "Q"}, {"from": answers, "value": "A"}]
    assert repaired({"conversations": turns}).dataset[0].row == GOOD


def test_messages_under_another_name_get_theirs() -> None:
    """Some tools write `conversations` with role and content."""
    assert repaired({"conversations": GOOD["messages"]}).dataset[0].row == GOOD


@pytest.mark.parametrize("asks", ["User", "USER", " user", "user\n", "uSeR\t"])
def test_roles_are_written_as_the_service_knows_them(asks: str) -> None:
    """In small letters, without white space; the line as it was can be had."""
    row = said((asks, "Q"), ("Assistant", "A "))
    repair = repaired(row)
    assert [example.row for example in repair.dataset] == [GOOD]
    assert repair.counts == {"role-spelling": 2, "white-space": 1}
    assert str(repair.fixes[0]).endswith(
        "messages[0].role: the role in another case, or with white space around it -> `user`"
    )
    assert repair.before(repair.fixes[0]) == json.dumps(row).encode() + b"\n"
    assert not repair.suggestions
    assert repaired(row, off=["role-spelling", "white-space"]).fixes == ()


def test_roles_of_preference_rows_and_of_older_forms_are_respelt_too() -> None:
    """Wherever a message stands."""
    asked, answer = ({**turn, "role": turn["role"].title()} for turn in GOOD["messages"])
    row = {"input": {"messages": [asked]}, "preferred_output": [answer], "non_preferred_output": [answer]}
    assert [fix.path for fix in repaired(row).fixes] == [
        "input.messages[0].role",
        "preferred_output[0].role",
        "non_preferred_output[0].role",
    ]
    for older in ({"conversations": [asked, answer]}, {"prompt": [asked], "completion": [answer]}):
        assert [example.row for example in repaired(older).dataset] == [GOOD]


def test_other_names_of_roles_are_left_to_you() -> None:
    """The finding says which is meant, and so does the suggestion; turns with from and value are another form."""
    repair = repaired(said(("human", "Q"), ("gpt", "A")))
    assert repair.fixes == ()
    said_of = [str(each) for each in repair.suggestions]
    assert ["did you mean `user`" in said_of[0], "did you mean `assistant`" in said_of[1]] == [True, True]
    assert len(said_of) == 2


def test_keys_in_another_case_get_theirs() -> None:
    """Of the row and of its messages, whatever else is to be mended there."""
    turns = [{"Role": "User", "CONTENT": "Q"}, {"role": "assistant", "Content": "A "}]
    row = {"Messages": turns}
    repair = repaired(row)
    assert [example.row for example in repair.dataset] == [GOOD]
    assert repair.counts == {"key-spelling": 4, "role-spelling": 1, "white-space": 1}
    assert str(repair.fixes[0]) == "key-spelling: line 1, Messages: the key in another case -> `messages`"
    assert {finding.fix for finding in validated(row, {"messages": turns})} == {"key-spelling"}
    assert repaired(row, off=["key-spelling"]).fixes == ()


@pytest.mark.parametrize(
    "row",
    [
        {"message": GOOD["messages"]},
        {"Messages": [], "MESSAGES": []},
        {**GOOD, "Messages": []},
        {"messages": [{"Role": "user", "ROLE": "user", "content": "Q"}]},
    ],
)
def test_keys_that_leave_open_what_is_meant_are_left_to_you(row: Any) -> None:
    """Two of them, and other words."""
    assert repaired(row).fixes == ()
    assert repaired(row).suggestions


@pytest.mark.parametrize("beside", [-1, [{}], GOOD["messages"]])
def test_messages_in_another_case_do_not_stand_for_those_of_another_form(beside: object) -> None:
    """Turns with from and value become messages, and a preference row no chat row, whatever else is there."""
    turns = [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]
    for older in ({"conversations": turns}, {"prompt": "Q", "completion": "A"}):
        repair = repaired({"Messages": beside, **older})
        assert repair.dataset[0].row == {**GOOD, "Messages": beside}
        assert "key-spelling" not in repair.counts
    asked, answer = ([turn] for turn in GOOD["messages"])
    row = {"input": {"messages": asked}, "preferred_output": answer, "non_preferred_output": answer}
    assert repaired({**row, "Messages": beside}).fixes == ()


def test_a_key_in_another_case_that_holds_no_messages_is_no_misspelt_one() -> None:
    """The finding says that there are none; what stands there is left alone."""
    assert repaired({"Messages": 3}).fixes == ()


def test_keys_that_are_null_go_where_they_may_be_absent() -> None:
    """A dump of a typed message writes all its keys; the service refuses null for most of them."""
    dumped = {
        "messages": [
            {"role": "user", "content": "Q", "name": None},
            {"role": "assistant", "content": "A", "tool_calls": None, "function_call": None, "weight": None},
        ],
        "tools": None,
        "parallel_tool_calls": None,
    }
    repair = repaired(dumped)
    assert repair.dataset[0].row == GOOD
    assert repair.counts == {"null-key": 6}
    assert repair.fixes[2].path == "messages[0].name"
    assert "messages[0].name: `name` is null -> no such key" in str(repair.fixes[2])


@pytest.mark.parametrize("annotations", [None, []])
def test_what_an_answer_of_the_service_has_beside_its_text_is_taken_out(annotations: Any) -> None:
    """A dump of one has `annotations`, which a training row has not; where there are some, somebody has to look."""
    asked, answer = GOOD["messages"]
    dumped = {"messages": [asked, {**answer, "annotations": annotations, "audio": None, "refusal": None}]}
    assert {finding.code: finding.fix for finding in validated(dumped)} == {"null-key": "null-key"}
    assert not validated(repaired(dumped).dataset[0].row)
    cited = {"messages": [asked, {**answer, "annotations": [{"type": "url_citation"}]}]}
    assert [finding.code for finding in validated(cited)] == ["message-key-unknown"]


@pytest.mark.parametrize(
    "row", [{"prompt": "Q", "completion": "A"}, {"conversations": [{"from": "human", "value": "Q"}]}]
)
def test_a_row_of_an_older_form_is_one_finding(row: Any) -> None:
    """Nobody should take out the keys that hold its texts."""
    assert [finding.code for finding in validated(row)] == ["messages-missing"]
    assert [finding.code for finding in validated({**row, "x": 1})] == ["messages-missing", "row-key-unknown"]


@pytest.mark.parametrize("method", ["supervised", "dpo"])
def test_a_preference_row_of_other_names_is_one_finding(method: Method) -> None:
    """It says what they are called here."""
    row = {"prompt": "Q", "chosen": "A", "rejected": "B"}
    report = Dataset.from_examples([row]).validate(AzureRules(method=method), level="rows")
    assert [(finding.code, finding.path) for finding in report] == [("messages-missing", "chosen")]
    assert "`preferred_output`" in report.findings[0].message


@pytest.mark.parametrize(
    "more",
    [
        b'"tools": null',
        b'"tools":null',
        b'"\\u0074ools": null',
        b'"weight": null',
        b'"ann\\u006ftations": []',
    ],
)
def test_null_keys_are_found_however_they_are_written(more: bytes) -> None:
    """Lines without a sign of them are not looked into."""
    asked, answer = (json.dumps(turn).encode() for turn in GOOD["messages"])
    inside = b"ools" not in more
    answer = answer[:-1] + b", " + more + b"}" if inside else answer
    row = b'{"messages": [' + asked + b", " + answer + b"]" + (b"" if inside else b", " + more) + b"}"
    repair = repaired(row)
    assert repair.counts == {"null-key": 1}
    assert [example.row for example in repair.dataset] == [GOOD]


def test_null_keys_of_preference_rows_go_too() -> None:
    """Beside the messages of their input."""
    asked = {"messages": [{"role": "user", "content": "Q"}], "tools": None}
    answer = {"role": "assistant", "content": "A", "tool_calls": None}
    fixed = repaired({"input": asked, "preferred_output": [answer], "non_preferred_output": [answer]})
    assert [fix.path for fix in fixed.fixes] == [
        "input.tools",
        "preferred_output[0].tool_calls",
        "non_preferred_output[0].tool_calls",
    ]


@pytest.mark.parametrize("place", ["tools[0].function", "functions[0]", "input.tools[0].function"])
def test_null_in_declared_functions_goes_too(place: str) -> None:
    """A description or parameters that a dump had nothing for, wherever they stand; null is a value of `strict`."""
    bare = {"name": "f", "description": None, "parameters": None, "strict": None}
    tools = {"tools": [{"type": "function", "function": bare}]}
    asked = {"messages": [GOOD["messages"][0]]}
    row = {
        "tools[0].function": {**GOOD, **tools},
        "functions[0]": {**GOOD, "functions": [bare]},
        "input.tools[0].function": {"input": {**asked, **tools}},
    }[place]
    wanted = [f"{place}.description", f"{place}.parameters"]
    found = [(finding.path, finding.fix) for finding in validated(row) if finding.code == "null-key"]
    assert found == [(path, "null-key") for path in wanted]
    assert "tools-type" not in {finding.code for finding in validated(row)}
    repair = repaired(row, off=["tool-calls"])
    assert [(fix.code, fix.path) for fix in repair.fixes] == [("null-key", path) for path in wanted]
    assert "`parameters` is null -> no such key" in str(repair.fixes[1])
    assert repair.before(repair.fixes[0]) == json.dumps(row).encode() + b"\n"
    again = Dataset.from_jsonl(
        json.dumps(row).replace('"description": null, "parameters": null, ', "").encode()
    )
    assert repair.dataset == again


SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": None,
    "properties": {
        "unit": {"type": "string", "description": None, "enum": None, "default": None},
        "days": {"type": "array", "items": {"type": "object", "properties": {"no": {"minimum": None}}}},
        "size": {"anyOf": [{"type": "integer", "format": None}, {"type": "null", "const": None}]},
        "left": None,
        "needed": None,
        "description": {"type": "string"},
    },
    "required": ["needed"],
    "additionalProperties": None,
}


@pytest.mark.parametrize("start", ["tools[0].function", "input.tools[0].function"])
def test_null_inside_of_parameters_goes_too(start: str) -> None:
    """Tables with typed columns write it for every keyword that some other tool has; it is no schema."""
    tools = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
    row = {**GOOD, "tools": tools}
    if start.startswith("input"):
        row = {"input": {"messages": GOOD["messages"][:1], "tools": tools}}
    places = [
        ".title",
        ".additionalProperties",
        ".properties.left",
        ".properties.unit.description",
        ".properties.unit.enum",
        ".properties.days.items.properties.no.minimum",
        ".properties.size.anyOf[0].format",
    ]
    paths = [f"{start}.parameters{place}" for place in places]
    told = {finding.path: finding.fix for finding in validated(row) if finding.code == "null-key"}
    assert told == dict.fromkeys(paths, "null-key")
    repair = repaired(row)
    assert {fix.path for fix in repair.fixes} == {*paths}
    [line] = repair.dataset._rows.scan()
    kept = json.dumps(json.loads(line[2] or b""))
    assert (kept.count("null"), kept.count('"needed": null')) == (4, 1)
    assert not [finding for finding in repair.dataset.validate(level="rows") if finding.code == "null-key"]


def test_a_schema_without_an_end_is_looked_at_for_a_while() -> None:
    """As many schemas as no function has."""
    schema: dict[str, Any] = {"properties": {f"p{number}": {"title": None} for number in range(5_000)}}
    row = {**GOOD, "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]}
    assert len(validated(row)) == 0
    schema["properties"] = dict.fromkeys(map(str, range(5_000)))
    assert len(validated(row)) == 1_000


def test_what_a_dump_of_a_request_has_left_over_goes_too() -> None:
    """Only where it is null, and where no grader could read it."""
    left = {"metadata": None, "store": None}
    dumped = {**GOOD, **left}
    assert {(finding.code, finding.fix) for finding in validated(dumped)} == {("null-key", "null-key")}
    assert [example.row for example in repaired(dumped).dataset] == [GOOD]
    assert {
        finding.code for finding in validated({**GOOD, "metadata": {}, "store": False, "user": None})
    } == {"row-key-unknown"}
    graded = {"messages": GOOD["messages"][:1], **left}
    assert not repaired(graded).fixes
    report = Dataset.from_examples([graded]).validate(AzureRules(method="reinforcement"), level="rows")
    assert report.findings == ()


def test_what_may_be_null_stays_null() -> None:
    """An answer that only calls a tool has no content, and one that is none has no refusal."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turn = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}
    assert repaired({"messages": [{"role": "user", "content": "Q"}, turn]}).fixes == ()


def test_old_function_calls_beside_null_keys_are_mended_too() -> None:
    """Null keys go first, so they do not stand in the way of the others."""
    called = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    row = {"messages": [{"role": "user", "content": "Q", "function_call": None}, called], "tools": None}
    fixed = repaired({**row, "functions": [{"name": "f"}]})
    assert fixed.counts == {"null-key": 2, "tool-calls": 2}


def test_old_function_calls_become_tool_calls() -> None:
    """With ids that follow from their order and are not taken."""
    older = {"role": "assistant", "content": None, "function_call": CALL}
    newer = {"id": "call_1", "type": "function", "function": CALL}
    row = {
        "messages": [
            {"role": "user", "content": "Q"},
            older,
            {"role": "function", "name": "look_up", "content": "3"},
            {"role": "assistant", "tool_calls": [newer]},
            {"role": "tool", "tool_call_id": "call_1", "content": "4"},
            older,
        ],
        "functions": [{"name": "look_up", "parameters": {}}],
    }
    repair = repaired(row)
    [example] = repair.dataset
    ids = [call["id"] for message in example.messages for call in message.tool_calls]
    assert ids == ["call_2", "call_1", "call_3"]
    assert example.messages[2].tool_call_id == "call_2"
    assert example.row["tools"] == [{"type": "function", "function": {"name": "look_up", "parameters": {}}}]
    assert repair.counts == {"tool-calls": 4}
    assert repair.dataset.validate(level="rows").ok


NOT_SAFE: dict[str, dict[str, Any]] = {
    "an answer to another function": {
        "messages": [
            {"role": "assistant", "function_call": CALL},
            {"role": "function", "name": "other", "content": "3"},
        ]
    },
    "an answer that is missing": {
        "messages": [{"role": "assistant", "function_call": CALL}, {"role": "user", "content": "?"}]
    },
    "an answer without a text": {
        "messages": [
            {"role": "assistant", "function_call": CALL},
            {"role": "function", "name": "look_up", "content": None},
        ]
    },
    "an answer to nothing": said(("user", "Q"), ("function", "3")),
    "a call that is incomplete": {"messages": [{"role": "assistant", "function_call": {"name": "look_up"}}]},
    "functions beside tools": {**GOOD, "functions": [{"name": "f"}], "tools": []},
    "functions without a name": {**GOOD, "functions": [{}]},
    "a prompt without a text": {"prompt": "", "completion": "A"},
    "a prompt and messages": {**GOOD, "prompt": "Q", "completion": "A"},
    "a speaker nobody knows": {"conversations": [{"from": "tool", "value": "3"}]},
    "turns with other keys": {"conversations": [{"from": "human", "value": "Q", "mood": "good"}]},
    "a weight for a question": {"conversations": [{"from": "human", "value": "Q", "weight": 1}]},
    "a system that is no text": {"prompt": "Q", "completion": "A", "system": 3},
    "a text of nothing": said(("user", "  "), ("assistant", "A")),
    "what a tool returned": {
        "messages": [*GOOD["messages"], {"role": "tool", "tool_call_id": "c", "content": " 3 "}]
    },
}


@pytest.mark.parametrize("row", NOT_SAFE.values(), ids=NOT_SAFE.keys())
def test_what_is_not_safe_is_left_as_it_is(row: dict[str, Any]) -> None:
    """All of the row: no half of it is changed."""
    repair = repaired(row)
    assert repair.fixes == ()
    assert repair.dataset is repair.original


def test_what_is_not_safe_is_suggested_with_its_finding() -> None:
    """Whole-file findings need other data and are left to `validate`."""
    repair = repaired({"conversations": [{"from": "tool", "value": "3"}]})
    found = {each.finding.code: each for each in repair.suggestions}
    assert found["messages-missing"].text.startswith("It was not converted")
    assert "line 1" in str(found["messages-missing"])
    assert "too-few-examples" not in found


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (" Q\n", "Q"),
        ("\n\n  a\n    b\n", "  a\n    b"),
        ("　段落", "　段落"),
        ("a\n\nb", "a\n\nb"),
        (" \n ", " \n "),
    ],
)
def test_white_space_goes_where_it_means_nothing(text: str, short: str) -> None:
    """Indentation of the first of several lines does, and so does the space that opens a Japanese paragraph."""
    [example] = repaired(said(("user", "Q"), ("assistant", text))).dataset
    assert example.answer == short


def test_a_fix_can_be_left_out() -> None:
    """By its name."""
    assert repaired(said(("user", "Q "), ("assistant", "A")), off=["white-space"]).fixes == ()


@pytest.mark.parametrize("off", ["white-space", ["white-spaces"]])
def test_what_is_no_list_of_fixes_cannot_be_left_out(off: Any) -> None:
    """The error names those that can."""
    with pytest.raises(DatasetError, match="white-space"):
        repaired(GOOD, off=off)


@pytest.mark.parametrize(
    ("name", "data"), [("line-end", b"\r\n"), ("blank-line", b"\n\n"), ("byte-order-mark", b"\n")]
)
def test_fixes_of_what_is_no_part_of_a_row_are_always_made(tmp_path: Path, name: str, data: bytes) -> None:
    """Leaving them out would change nothing: what is written has none of it, repaired or not."""
    dataset = Dataset.from_jsonl(BOM * (name == "byte-order-mark") + json.dumps(GOOD).encode() + data)
    assert list(dataset.repair(off=[*MENDERS, "duplicate-row"]).counts) == [name]
    with pytest.raises(DatasetError, match=f"'{name}' .* what is written never has it.*white-space"):
        dataset.repair(off=[name])
    written = dataset.to_jsonl(tmp_path / "rows.jsonl").read_bytes()
    assert written == dataset.repair().dataset.to_jsonl(tmp_path / "more.jsonl").read_bytes()


def test_nothing_on_the_disk_is_changed(tmp_path: Path) -> None:
    """The file and the original dataset stay; the line as it was can be had."""
    path = tmp_path / "rows.jsonl"
    data = b'{"prompt": "Q", "completion": "A"}\r\n\n'
    path.write_bytes(data)
    repair = Dataset.from_jsonl(path).repair()
    fixes = {fix.code: fix for fix in repair.fixes}
    assert path.read_bytes() == data
    assert repair.before(fixes["prompt-completion"]) == data[:-1]
    assert repair.before(fixes["blank-line"]) is None
    assert not repair.original.validate().ok
    assert fixes["prompt-completion"].where == f"{path}, line 1, prompt"


def test_rows_of_several_files_are_repaired_in_place(tmp_path: Path) -> None:
    """Sums and selections keep their order, and every fix names its file."""
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_bytes(b'{"prompt": "a", "completion": "1"}\r\n{"prompt": "b", "completion": "2"}\n')
    two.write_bytes(BOM + b'{"prompt": "c", "completion": "3"}\n')
    both = Dataset.from_jsonl(one) + Dataset.from_jsonl(two)
    assert [example.question for example in both.repair().dataset] == ["a", "b", "c"]
    assert [example.question for example in both[::-1].repair().dataset] == ["c", "b", "a"]
    assert {(fix.code, fix.source) for fix in both.repair().fixes} == {
        ("prompt-completion", str(one)),
        ("prompt-completion", str(two)),
        ("line-end", str(one)),
        ("byte-order-mark", str(two)),
    }


def test_facts_named_by_a_column_or_a_function_are_kept() -> None:
    """A function sees the row as it is after the repair."""
    data = b'{"prompt": "Q ", "completion": "A", "topic": "t"}\n'
    assert Dataset.from_jsonl(data, fact="topic").repair().dataset.facts == ("t",)
    asked = Dataset.from_jsonl(data, fact=lambda example: example.question).repair(off=["duplicate-row"])
    assert asked.dataset.facts == ("Q",)


def test_findings_of_a_fixable_kind_say_so() -> None:
    """Each name is one that the repair then lists."""
    older = {
        "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "function_call": CALL}],
        "functions": [{"name": "look_up"}],
    }
    repair = repaired(
        b'{"prompt": "Q", "completion": "A"}\r\n\n',
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "B"}]},
        older,
        older,
        said(("user", "Q "), ("assistant", "C")),
        {**said(("user", "R"), ("assistant", "D")), "tools": None},
        said(("User", "R"), ("assistant", "E")),
        {"Messages": said(("user", "R"), ("assistant", "F"))["messages"]},
        BOM + b"{}",
    )
    named = {finding.fix for finding in repair.original.validate(level="deep").findings} - {""}
    assert named == set(repair.counts)
    assert named == {*MENDERS, "blank-line", "byte-order-mark", "duplicate-row", "line-end"}


def test_the_summary_groups_fixes_by_name() -> None:
    """Three of each, and how many more."""
    rows = [said(("user", f"Q{n} "), ("assistant", "A")) for n in range(5)]
    text = str(repaired(*rows))
    assert text.startswith("5 fixes\nwhite-space (5)\n")
    assert text.endswith("and 2 more")
    assert repr(repaired(*rows)) == "<Repaired: 5 fixes, Dataset(5 examples)>"
    assert "white-space" in repaired(*rows)._repr_html_()


def test_no_text_of_any_row_is_in_a_fix_or_a_suggestion() -> None:
    """They are printed and logged."""
    rows: list[Any] = [
        {"prompt": "s3cret", "completion": " s3cret", "s3cret text": 1},
        {"conversations": [{"from": "s3cret", "value": "s3cret"}]},
        {"messages": [{"role": "assistant", "function_call": {**CALL, "name": "s3cret"}}]},
    ]
    repair = repaired(*rows)
    assert repair.fixes
    for text in (
        str(repair),
        repr(repair),
        repr(repair.fixes),
        repr(repair.suggestions),
        repair._repr_html_(),
    ):
        assert "s3cret" not in text
    assert "s3cret" not in "".join(map(str, repair.suggestions))


TURN = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "user", "assistant", "function", "User", "Function ", "gpt"]),
        "content": TEXT | st.none(),
    },
    optional={"function_call": st.just(CALL), "name": st.just("look_up"), "Content": TEXT},
)
SPOKEN = st.fixed_dictionaries({"from": st.sampled_from(["human", "gpt", "system", "?"]), "value": TEXT})
ANY_ROW = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(TURN, max_size=3),
        "Messages": st.lists(TURN, max_size=1),
        "prompt": TEXT,
        "completion": TEXT,
        "conversations": st.lists(SPOKEN, max_size=3),
        "functions": st.just([{"name": "look_up"}]),
        "fact": st.sampled_from(["f", "g"]),
    },
)
LINES = st.lists(
    st.tuples(
        st.sampled_from([b"", BOM]),
        ANY_ROW.map(lambda row: json.dumps(row).encode()) | st.just(b"") | st.binary(max_size=5),
        st.sampled_from([b"\n", b"\r\n"]),
    ).map(b"".join),
    max_size=5,
).map(b"".join)


@example(b"\0\r\r\n")
@example(b"[\n")
@given(LINES)
def test_repairing_obeys_its_laws(data: bytes) -> None:
    """Once is enough, nothing gets worse, rows that no fix names stay as they are."""
    dataset = Dataset.from_jsonl(data)
    before = dataset.fingerprint
    repair = dataset.repair()
    again = repair.dataset.repair()
    assert (again.fixes, again.dataset.fingerprint) == ((), repair.dataset.fingerprint)
    assert dataset.fingerprint == before
    if not FOREIGN.isdisjoint(dataset.validate().counts):  # rows of another kind of file are not counted
        assert (repair.fixes, repair.dataset) == ((), dataset)
        return
    assert broken(repair.dataset) <= broken(dataset)
    touched = {fix.row for fix in repair.fixes}
    gone = {fix.row for fix in repair.fixes if fix.code == "duplicate-row"}
    same = [index for index in range(len(dataset)) if index not in touched]
    assert len(repair.dataset) <= len(dataset) - len(gone)
    assert set(digests(dataset.select(same))) <= set(digests(repair.dataset))


def broken(dataset: Dataset) -> set[int | None]:
    """The lines with errors."""
    report = dataset.validate(level="rows")
    return {finding.line for finding in report.findings if finding.severity == "error"}


def digests(dataset: Dataset) -> list[str]:
    """The fingerprint of each row alone, which rows that cannot be read have as well."""
    return [dataset.select([index]).fingerprint for index in range(len(dataset))]
