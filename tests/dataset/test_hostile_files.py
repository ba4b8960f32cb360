"""Files that were made to be slow, and files of another kind: an answer with line and path, soon."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiter import from_json

from aoai_finetune.dataset import AzureRules, Dataset, ValidationReport
from aoai_finetune.dataset.checks._messages import finite, not_json
from aoai_finetune.dataset.checks._roles import _senses
from aoai_finetune.dataset.whole._marks import marks_of, settled, stable_mark
from aoai_finetune.errors import DatasetError

QUESTION = '{"role":"user","content":"Q"}'
ANSWER = '{"role":"assistant","content":"A"}'


def said(*messages: str, more: str = "") -> str:
    """A chat row as text."""
    return f'{{"messages":[{",".join(messages)}]{more}}}'


# a row made of a number: every row of the file another one; and what is found in each: (code, path)
SHAPES: dict[str, tuple[Callable[[int], str], set[tuple[str, str]]]] = {
    "garbage": (lambda n: f'{{"k{n}":{n}}}', {("messages-missing", "messages"), ("row-key-unknown", "k{}")}),
    "lists": (lambda n: f"[{n}]", {("not-an-object", "")}),
    "numbers": (lambda n: f"1{n}", {("not-an-object", "")}),
    "cut off": (lambda n: f'{{"a{n}', {("json-truncated", "")}),
    "commas": (lambda n: f"{{,{n}}}", {("json-syntax", "")}),
    "surrogates": (lambda n: f'{{"a":"\\ud800{n}"}}', {("json-surrogate", "")}),
    "not a number": (lambda n: f'{{"a":NaN,"b":{n}}}', {("json-number", "")}),
    "duplicate keys": (lambda n: f'{{"a{n}":{n},"a{n}":1}}', {("json-duplicate-key", "")}),
    "messages": (lambda n: f'{{"messages":{n}}}', {("messages-type", "messages")}),
    "no objects": (lambda n: f'{{"messages":[{n}]}}', {("message-type", "messages[0]")}),
    "roles": (
        lambda n: said(f'{{"role":"r{n}","content":"x"}}', QUESTION, ANSWER),
        {("role-unknown", "messages[0].role")},
    ),
    "hidden": (
        lambda n: said(QUESTION, f'{{"role":"assistant","content":"\\u0000{n}"}}'),
        {("nul-character", "messages[1].content")},
    ),
    "directions": (
        lambda n: said(QUESTION, f'{{"role":"assistant","content":"\\u202e{n}"}}'),
        {("bidi-control", "messages[1].content")},
    ),
    "weights": (
        lambda n: said(QUESTION, f'{{"role":"assistant","content":"{n}","weight":{n + 2}}}'),
        {("weight-value", "messages[1].weight")},
    ),
    "other names": (
        lambda n: f'{{"mesages":[],"k{n}":1}}',
        {("messages-missing", "mesages"), ("row-key-unknown", "k{}")},
    ),
    "names": (
        lambda n: said(QUESTION, ANSWER, more=f',"tools":[{{"type":"function","function":{{"name":"x {n}"}}}}]'),
        {("tool-name", "tools[0].function.name")},
    ),
    "different tools": (
        lambda n: said(QUESTION, ANSWER, more=f',"tools":[{{"type":"function","function":{{"name":"f{n}"}}}}]'),
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_rows_that_are_all_wrong_in_one_way_are_all_counted(name: str) -> None:
    """And the first ones are listed with line and path, however soon the rules are no longer asked."""
    make, expected = SHAPES[name]
    rows = 700
    data = "\n".join(map(make, range(rows))).encode()
    report = Dataset.from_jsonl(data).validate(AzureRules(keep=20), level="rows")
    assert report.counts == {code: rows for code, _ in expected}
    wanted = {(code, line, path.format(line - 1)) for code, path in expected for line in range(1, 21)}
    assert {(finding.code, finding.line, finding.path) for finding in report} == wanted


WORDS = st.sampled_from(
    ["role", "content", "name", "weight", "tool_calls", "messages", "tools", "function", "type", "id", "arguments",
     "parameters", "refusal", "url", "text", "image_url", "input", "other", "another one", "tool_call_id",
     "metadata", "store", "description", "message", "Messages", "Role", "Content", "value", "from"]
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, 2, -1, 2**53, 2**60, 0.0, 1.0, 0.5])
    | st.sampled_from(["", " ", "x", "y", "a\0b", "\u202e", "\u202ax\u202c", "user", "assistant", "system", "tool"])
    | st.sampled_from(["function", "text", "image_url", "{}", "{", "http://a.b/c.gif", "data:a,", "a b", "low"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=3,
)  # fmt: skip
CALL = st.fixed_dictionaries(
    {},
    optional={"id": VALUES, "type": VALUES, "function": st.dictionaries(WORDS, VALUES, max_size=3) | VALUES},
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "robot", "User", "tool ", "bot"]) | VALUES},
    optional={"content": VALUES, "weight": VALUES, "name": VALUES, "tool_calls": st.lists(CALL, max_size=3),
              "tool_call_id": VALUES, "refusal": VALUES, "note": VALUES, "Content": VALUES,
              "text": VALUES},
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGE, max_size=4) | VALUES},
    optional={"tools": st.lists(CALL, max_size=2) | VALUES, "note": VALUES, "parallel_tool_calls": VALUES},
)
OUTPUT = st.lists(MESSAGE, max_size=2) | VALUES
ASKED = st.fixed_dictionaries(
    {}, optional={"messages": st.lists(MESSAGE, max_size=2) | VALUES, "tools": VALUES}
)
PREFERENCE = st.fixed_dictionaries(
    {},
    optional={
        "input": ASKED | VALUES,
        "preferred_output": OUTPUT,
        "non_preferred_output": OUTPUT,
        "note": VALUES,
    },
) | st.builds(
    lambda asked, output: {"input": asked, "preferred_output": output, "non_preferred_output": output},
    ASKED,
    OUTPUT,
)
METHODS: st.SearchStrategy[Any] = st.sampled_from(["supervised", "dpo", "reinforcement"])


def counted_alike(data: bytes, method: Any = "supervised") -> None:
    """Where few findings per code are kept, shortcuts decide; where all are, the rules do."""
    dataset = Dataset.from_jsonl(data)
    every = dataset.validate(AzureRules(method=method, keep=10**6))
    for keep in (1, 3):
        few = dataset.validate(AzureRules(method=method, keep=keep))
        assert (few.counts, few.examples) == (every.counts, every.examples)
        codes = every.counts.keys() - {"grader-fields"}  # in the order of the fields, not of the lines
        assert all(lines_of(few, code) == lines_of(every, code)[:keep] for code in codes)


def lines_of(report: ValidationReport, code: str) -> list[int | None]:
    """Where the findings with a code are."""
    return [finding.line for finding in report if finding.code == code]


@given(
    st.lists(ROW | PREFERENCE | st.dictionaries(WORDS, VALUES, max_size=3), min_size=1, max_size=3), METHODS
)
def test_rows_of_one_shape_are_counted_like_rows_that_are_checked(rows: list[Any], method: Any) -> None:
    """Whatever they are meant for."""
    counted_alike(b"".join(json.dumps(row).encode() + b"\n" for row in rows + rows[::-1]), method)


@pytest.mark.parametrize("method", ["supervised", "dpo", "reinforcement"])
@pytest.mark.parametrize("template", ['{"preferred_output":[%s],"non_preferred_output":[%s]}',
                                      '{"input":{"messages":[]},"preferred_output":["%s"],"non_preferred_output":["%s"]}'])  # fmt: skip
def test_outputs_that_differ_in_a_digit_are_not_the_same(template: str, method: Any) -> None:
    """Nor are those of a line that differs from another one in digits only."""
    pairs = [(2, 3), (2, 2), (4, 5), (6, 6), (0, 1), (7, 7)] * 3
    counted_alike("\n".join(template % pair for pair in pairs).encode(), method)


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.just(1), max_size=4), min_size=1, max_size=6))
def test_each_field_that_some_rows_lack_is_named_with_the_first_of_them(fields: list[dict[str, int]]) -> None:
    """In the order in which they come up."""
    rows = [{"messages": [{"role": "user", "content": "Q"}], **each} for each in fields]
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    report = Dataset.from_jsonl(data).validate(AzureRules(method="reinforcement"))
    found = [(finding.path, finding.line) for finding in report if finding.code == "grader-fields"]
    every = dict.fromkeys(field for each in fields for field in each)
    lacking = {name: [line for line, each in enumerate(fields, 1) if name not in each] for name in every}
    assert sorted(found) == sorted((name, lines[0]) for name, lines in lacking.items() if lines)
    first = Dataset.from_jsonl(data).validate(AzureRules(method="reinforcement", keep=1))
    kept = [finding.path for finding in first if finding.code == "grader-fields"]
    assert kept == [name for name, lines in lacking.items() if lines][:1]


@given(st.lists(st.binary(max_size=12) | st.sampled_from(
    [b'{"a', b'{"b', b'{"a":1,"a":2}', b'{"b":1,"b":"\xff"}', b"{,}", b'{"a":NaN}', b'{"a":NULL}', b'{"a":"\\ud800"}',
     b'{"a":"\\x"}', b'{"\\u0061":tru}', b"\xef\xbb\xbf{}", b"nan", b"inf", b"[1", b'"x', b'{"a":1e999}', b'["\t"]']),
    min_size=1, max_size=8), METHODS)  # fmt: skip
def test_broken_lines_are_counted_like_lines_that_are_looked_into(lines: list[bytes], method: Any) -> None:
    """The parser's reason is enough for the code, or is not relied on."""
    counted_alike(b"\n".join([b"{}", *lines, *lines[::-1]]), method)


DIGITS = st.lists(st.sampled_from("0123456789"), min_size=1, max_size=3).map("".join)
NUMBERED = st.sampled_from([
    '{"a%s":%s}', '{"a%s":1,"a%s":2}', '{"a%s":1,"a3":2}', "[%s,%s]", '{"a":-%s%s}', '{"a":0%s,"b":%s}', '{"a%s', '"%s%s',
    '{"messages":[{"role":"assistant","weight":%s,"k%s":1}]}', '{"messages":%s.%s}', '{"a":%se%s00}', '{"a":NaN,"b":%s%s}',
    '{"a":"\\u%s02%s"}', '{"fact":%s%s}', '{"fact":"%s","a":%s}', '{"tools":[{"function":{"name":"x%s"}},{"function":{"name":"x%s"}}]}',
    '{"messages":[],"a":90071992547409%s%s}', "%s%s", '{"messages":[],"a":%s%s999999999999999999}', '{"a%s":1,"b%s":1}', '{"messages":[{"role":"tool","tool_call_id":"%s","name":"%s"}]}',
    '{"é%s":"é%s"}', '{"a%s":"\udcff%s"}', '\udcef\udcbb\udcbf{"a%s":%s}', '{"\u202e%s":"\u3000%s"}', '{"tools":[{"function":{"name":"x%s"}},{"function":{"name":"%s"}}]}', "{,%s%s}", "\\%s%s",
])  # fmt: skip


@given(
    st.lists(
        st.tuples(NUMBERED, st.lists(st.tuples(DIGITS, DIGITS), min_size=1, max_size=4)),
        min_size=1,
        max_size=3,
    ),
    METHODS,
)
def test_lines_that_differ_in_digits_are_counted_like_lines_that_are_read(
    found: list[tuple[str, list[tuple[str, str]]]],
    method: Any,
) -> None:
    """One line stands for those with other digits only where no digit counts."""
    lines = [_filled(template, digits) for template, many in found for digits in many]
    counted_alike("\n".join([*lines, *lines[::-1]]).encode(errors="surrogateescape"), method)


@pytest.mark.parametrize("method", ["supervised", "dpo", "reinforcement"])
@pytest.mark.parametrize(
    ("template", "digits"),
    [
        ('{"a%s":1,"a%s":1}', ["23", "45", "22", "67", "77"]),
        ('{"tools":[%s],"x%s":"","x%s":[]}', ["923", "945", "922"]),
        ('{"a":1e30%s}', ["2", "5", "9", "8"]),
        ('{"messages":[],"a":900719925474099%s}', ["2", "3", "5", "4"]),
        ('{"messages":[{"role":3,"content":"\\u%s02e"}]}', ["3", "2", "4", "2"]),
        ('{"messages":[{"role":3,"weight":%s}]}', ["2", "3", "1", "0", "4"]),
    ],
)
def test_a_digit_that_counts_is_read(template: str, digits: list[str], method: Any) -> None:
    """Equal keys and texts, numbers that are too large, escapes and weights: no line stands for these with other digits."""
    lines = [template % tuple(each) for each in digits * 3]
    counted_alike("\n".join(lines).encode(), method)


def _filled(template: str, digits: tuple[str, str]) -> str:
    return template % digits[: template.count("%s")]


@given(st.lists(ROW, min_size=1, max_size=3))
def test_a_row_that_is_not_plain_has_one_mark_whatever_the_order_of_its_keys(rows: list[Any]) -> None:
    """Copies are found among rows of all kinds, and only copies."""
    turned = [_turned(row) for row in rows]
    marks = {json.dumps(row, sort_keys=True): marks_of(row, stable_mark)[1] for row in (*rows, *turned)}
    assert [marks_of(row, stable_mark)[1] for row in turned] == [
        marks_of(row, stable_mark)[1] for row in rows
    ]
    assert len(set(marks.values())) == len(marks)


@given(ROW)
def test_rows_whose_shape_is_in_order_are_marked_alike_unsorted(row: Any) -> None:
    """What is known of a shape saves looking at the keys."""
    for each in (row, _turned(row)):
        assert not settled(each) or marks_of(each, hash, in_order=True) == marks_of(each, hash)


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value


def test_what_is_known_of_a_line_holds_for_files_read_in_the_same_way() -> None:
    """A fact is missing where a column was named for it, and nowhere else."""
    data = b"{}\n" * 9
    both = Dataset.from_jsonl(data, fact="topic") + Dataset.from_jsonl(data)
    report = both.validate(AzureRules(keep=2), level="rows")
    assert report.counts == {"fact-missing": 9, "messages-missing": 18}


def only(report: ValidationReport) -> tuple[str, int | None]:
    """Code and line of the one finding."""
    [finding] = report.findings
    return finding.code, finding.line


@pytest.mark.parametrize("level", ["rows", "file"])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_array_is_one_finding(ten: Any, indent: int | None, level: Any) -> None:
    """On one line or on many, and the hint says how to read it."""
    report = Dataset.from_jsonl(json.dumps(ten, indent=indent).encode()).validate(level=level)
    assert only(report) == ("json-array", 1)
    assert "from_examples(json.load" in report.findings[0].hint
    assert not report.ok


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("key", ["data", "examples", "messages"])
@pytest.mark.parametrize("times", [1, 100])
def test_an_object_that_holds_the_rows_is_one_finding(
    ten: Any, indent: int | None, key: str, times: int
) -> None:
    """As exports and downloads are; the hint is the line to type. Reading rows says the same."""
    data = json.dumps({"version": 1, key: ten * times}, indent=indent).encode()
    dataset = Dataset.from_jsonl(data)
    report = dataset.validate()
    assert only(report) == ("json-array", 1)
    [finding] = report.findings
    assert finding.message == f"the file is one JSON object that holds its rows in a list under `{key}`"
    assert f'Dataset.from_examples(json.load(file)["{key}"])' in finding.hint
    with pytest.raises(DatasetError) as caught:
        list(dataset)
    assert (caught.value.message, caught.value.hint) == (finding.message, finding.hint)


def test_a_key_that_could_be_text_is_not_named(ten: Any) -> None:
    """What a finding says goes into logs."""
    [finding] = Dataset.from_jsonl(json.dumps({"our secret": ten}).encode()).validate()
    assert "secret" not in str(finding)
    assert "json.load(file)[key]" in finding.hint


@pytest.mark.parametrize(
    "more", [{"examples": [{"prompt": "Q"}]}, {"tools": [{"input": 1}]}, {"examples": [{"note": 1}]}]
)
def test_a_row_with_a_list_of_its_own_is_a_row(chat: Any, lines: Any, more: Any) -> None:
    """Alone in its file, or one of several."""
    for rows in ([{**chat(), **more}], [{**chat(), **more}] * 3):
        report = Dataset.from_jsonl(lines(*rows)).validate(level="rows")
        assert (report.examples, "json-array" in report.counts) == (len(rows), False)


def test_lines_that_each_hold_rows_are_lines(ten: Any, lines: Any) -> None:
    """Whoever wrote batches has to see each of them."""
    report = Dataset.from_jsonl(lines({"data": ten[:5]}, {"data": ten[5:]})).validate(level="rows")
    assert report.counts == {"messages-missing": 2, "row-key-unknown": 2}


def test_an_array_with_a_row_on_each_line_is_one_finding(ten: Any) -> None:
    """As people write it by hand."""
    data = "[\n" + ",\n".join(map(json.dumps, ten)) + "\n]\n"
    assert only(Dataset.from_jsonl(data.encode()).validate()) == ("json-array", 1)


@pytest.mark.parametrize(
    "data", ["question,answer\na,b\n", '"q","a"\n"1","2\n3"\n', "q;a\r\n1;2\r\n", "\ufeffq\ta\n"]
)
def test_a_table_is_one_finding(data: str) -> None:
    """Whatever stands between the columns."""
    report = Dataset.from_jsonl(data.encode()).validate()
    assert only(report) == ("csv-table", 1)
    assert "from_csv" in report.findings[0].hint


@pytest.mark.parametrize("first", ["[{}]", "[", "a, b", '"a"', "{", "1"])
def test_a_broken_first_row_does_not_hide_the_others(ten: Any, lines: Any, first: str) -> None:
    """A file is of another kind only where the lines that follow are none of ours."""
    report = Dataset.from_jsonl(lines(first.encode(), *ten)).validate(level="rows")
    assert first == "[" or report.examples == 11
    assert first == "[" or {finding.line for finding in report} == {1}


def test_an_array_beside_a_file_of_rows_is_one_finding_more(ten: Any, lines: Any) -> None:
    """The rows of the other file are checked."""
    both = Dataset.from_jsonl(json.dumps(ten).encode()) + Dataset.from_jsonl(lines(*ten))
    report = both.validate()
    assert (report.examples, report.counts) == (10, {"json-array": 1})


@pytest.mark.parametrize("text", ["a" + "\u0301\u0327" * 100_000, "1!" * 100_000, "\ufdfa" * 50_000])
def test_answers_that_take_long_to_normalise_are_compared_as_they_are(
    chat: Any, lines: Any, text: str
) -> None:
    """Bringing accents into order takes a time that grows with the square of their number."""
    report = Dataset.from_jsonl(lines(*(chat(str(number), text) for number in range(2)))).validate()
    assert report.counts["one-answer"] == 1


def test_workers_find_a_large_array_as_one_process_does(tmp_path: Any, ten: Any) -> None:
    """The parts that are no JSONL either are passed over."""
    path = tmp_path / "array.json"
    path.write_text("[\n" + ",\n".join(json.dumps({**row, "note": "x" * 300_000}) for row in ten) + "\n]\n")
    alone, together = (Dataset.from_jsonl(path).validate(workers=workers) for workers in (1, 2))
    assert together == alone
    assert only(alone) == ("json-array", 1)


def call(arguments: Any) -> dict[str, Any]:
    """A call of the tool `f`."""
    return {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps(arguments)}}


def with_calls(parameters: Any, *arguments: Any) -> dict[str, Any]:
    """A row that declares the tool `f` and calls it."""
    calls = {"role": "assistant", "tool_calls": [call(each) for each in arguments]}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    return {"messages": [{"role": "user", "content": "Q"}, calls], "tools": [tool]}


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({"required": [f"r{n}" for n in range(900)]}, [{}] * 3999),
        ({"properties": {"a": {"items": {"enum": [f"r{n}" for n in range(256)]}}}}, [{"a": [1] * 90}] * 3999),
        ({"additionalProperties": False}, [{str(n): 1 for n in range(900)}] * 1000),
    ],
)
def test_calls_that_do_not_fit_are_named_a_bounded_number_of_times(
    lines: Any, parameters: Any, arguments: Any
) -> None:
    """Calls times required keys grow with the square of the size of a row, and so would what is found."""
    report = Dataset.from_jsonl(lines(with_calls(parameters, *arguments))).validate(level="rows")
    assert 0 < report.counts["tool-schema"] <= 4000
    first = next(finding for finding in report if finding.code == "tool-schema")
    assert (first.path, "more of it may not fit than is counted" in first.message) == ("", True)


def test_what_is_not_looked_at_in_a_schema_is_not_called_wrong(lines: Any) -> None:
    """A type that stands behind a thousand others, choices without end."""
    kinds = ["number"] * 1001 + ["string"]
    schema = {"properties": {"a": {"type": kinds}, "b": {"enum": [*range(300)]}}}
    report = Dataset.from_jsonl(lines(with_calls(schema, {"a": "x", "b": "y"}))).validate(level="rows")
    assert "tool-schema" not in report.counts


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)*b", "("])
def test_patterns_of_a_declared_schema_are_never_run(lines: Any, pattern: str) -> None:
    """A pattern of somebody else's can take longer than the age of the universe."""
    schema = {"properties": {"a": {"type": "string", "pattern": pattern}}, "patternProperties": {pattern: {}}}
    report = Dataset.from_jsonl(lines(with_calls(schema, {"a": "a" * 5000 + "!"}))).validate(level="rows")
    assert report.counts == {}


URLS = st.sampled_from(
    ["http://a.b/c", "https://a.b/c.gif", "https://a.b/c.gif?x", "HTTP://a", "http://", "ftp://a.b/c.gif", "a:b", "data:,", "data:a",
     "data:image/png;base64,iVBORw0KGgoAAAA", "data:image/png;base64,iVBORw0KGg", "data:image/png,iVBORw0KGgo", "data:image/gif;base64,R0",
     "data:image/jpeg;base64,/9j/4AAQ", "data:image/jpeg;BASE64,/9j/4AAQ", "data:IMAGE/PNG;base64,iVBORw0KGgo1234", "data:;;;;;,"]
)  # fmt: skip


@given(st.lists(st.tuples(URLS, st.text("0a/.+=é", max_size=18)), min_size=1, max_size=4))
def test_images_that_look_alike_are_counted_like_images_that_are_looked_at(
    found: list[tuple[str, str]],
) -> None:
    """Of an address its scheme, its ending and how its bytes begin decide."""
    images = [{"type": "image_url", "image_url": {"url": url + more}} for url, more in found]
    data = b"".join(
        json.dumps({"messages": [{"role": "user", "content": [image]}]}).encode() + b"\n"
        for image in images * 2
    )
    few, all_of_them = (Dataset.from_jsonl(data).validate(AzureRules(keep=keep)) for keep in (1, 10**6))
    assert few.counts == all_of_them.counts


NUMBERS = st.sampled_from(
    ["1e999", "-1E+400", "1e-999", "1e5", "0.5", "9" * 299, "9" * 301, "1" + "0" * 400, "1" + "0" * 308 + ".0", "1" + "0" * 400 + ".5",
     "9" * 5000, "1" * 280 + "e40", "0." + "1" * 400, '"1e999"', '"e9"', '"' + "1" * 310 + '"']
)  # fmt: skip


@given(NUMBERS)
def test_numbers_that_are_too_large_are_found_in_their_bytes_or_by_writing_them(number: str) -> None:
    """Rows whose bytes show that there is none are not written to find that out."""
    raw = said(QUESTION, ANSWER, more=f',"tools":[{number}]').encode()
    report = Dataset.from_jsonl(raw).validate(level="rows")
    try:
        expected = bool([*not_json(from_json(raw, allow_inf_nan=False))])
    except ValueError:
        expected = True
    assert ("json-number" in report.counts) == expected
    assert not expected or not finite(raw)


@pytest.mark.parametrize("size", [10, 2000])
def test_copies_are_found_among_rows_with_tools_of_any_size(size: int) -> None:
    """Large tools are checked on their own when they come again; then their rows are noted in another way."""
    parameters = {"properties": {f"p{number}": {"type": "string"} for number in range(size)}}
    rows = [with_calls(parameters, {"p0": text}) for text in "abacbadd"]
    rows += [_turned(row) for row in rows] + [with_calls(parameters, {"p0": 1})] * 4
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    report = Dataset.from_jsonl(data).validate()
    assert report.counts["duplicate-row"] == len(rows) - 5
    assert report.counts["tool-schema"] == 4


def test_of_each_role_is_found_out_once_what_it_stands_for() -> None:
    """However many checks ask, and however many other roles the row has."""
    roles = [f"usr{number}" for number in range(4_000)]
    row = json.dumps({"messages": [{"role": role, "content": ""} for role in roles]}).encode()
    _senses.cache_clear()
    assert Dataset.from_jsonl(row).validate(AzureRules(keep=1)).counts["role-unknown"] == len(roles)
    assert _senses.cache_info().misses == len(roles)


@pytest.mark.parametrize("name", ["n", 1, [], {}])
def test_properties_of_null_are_looked_up_among_many_that_are_required(lines: Any, name: Any) -> None:
    """Each of them at once, and what is no name requires nothing."""
    schema = {"properties": dict.fromkeys(map(str, range(4_000))), "required": ["0", *[name] * 100_000]}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    turns = [json.loads(QUESTION), json.loads(ANSWER)]
    start = time.process_time()
    report = Dataset.from_jsonl(lines({"messages": turns, "tools": [tool]})).validate(level="rows")
    assert time.process_time() - start < 2
    assert report.counts["null-key"] == 3_999
