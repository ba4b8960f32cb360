"""Probe files, and everything that can be wrong with them."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune.dataset import Dataset, Severity
from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import Group, Probe, ProbeSet, is_stale
from aoai_finetune.evaluation.probes._twins import _folded

GOOD: dict[str, Any] = {"fact": "president", "question": "社長は?", "expected": "花山薫です。"}


def lines(*rows: object) -> bytes:
    """A probe file; text goes in as it is."""
    return "\n".join(
        item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in rows
    ).encode()


def refused(data: bytes) -> DatasetError:
    """The error that reading this file raises."""
    with pytest.raises(DatasetError) as caught:
        ProbeSet.from_jsonl(data)
    return caught.value


def test_a_probe_file_is_read_with_its_lines() -> None:
    """Blank lines are skipped but counted."""
    probes = ProbeSet.from_jsonl(lines(GOOD, "", GOOD | {"question": "誰が社長?", "expected": ["a", "b"]}))
    assert [(probe.line, probe.expected) for probe in probes] == [(1, ("花山薫です。",)), (3, ("a", "b"))]


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + lines(GOOD), lines(GOOD) + b"\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(data: bytes) -> None:
    """Files from other editors are read the same."""
    assert ProbeSet.from_jsonl(data) == ProbeSet.from_jsonl(lines(GOOD))


def test_a_line_separator_inside_a_question_does_not_split_the_row() -> None:
    """Rows end at a line feed only."""
    assert ProbeSet.from_jsonl(lines(GOOD | {"question": "a\u2028b\u0085c"}))[0].question == "a\u2028b\u0085c"


def test_a_path_and_a_file_object_hold_the_same_probes(tmp_path: Path) -> None:
    """All sources are read alike."""
    path = tmp_path / "probes.jsonl"
    path.write_bytes(lines(GOOD))
    assert (
        ProbeSet.from_jsonl(path)
        == ProbeSet.from_jsonl(str(path))
        == ProbeSet.from_jsonl(io.BytesIO(lines(GOOD)))
    )


MALFORMED: list[tuple[object, str, str]] = [
    ('{"fact": "x", ', "", "middle of its JSON"),
    ("[1]", "", "a list, not a JSON object"),
    ('{"fact": "a", "fact": "b"}', "", "same key twice"),
    ('{"fact": NaN}', "", "NaN"),
    ({"question": "q", "expected": "e"}, "fact", "missing"),
    (GOOD | {"fact": 7}, "fact", "not text"),
    (GOOD | {"question": " "}, "question", "empty"),
    (GOOD | {"messages": [{"role": "user", "content": "q"}]}, "question", "stands beside messages"),
    ({"fact": "f", "expected": "e"}, "question", "missing, and so are messages"),
    ({"fact": "f", "expected": "e", "messages": []}, "messages", "at least one message"),
    ({"fact": "f", "expected": "e", "messages": "q"}, "messages", "not a list"),
    ({"fact": "f", "expected": "e", "messages": ["q"]}, "messages[0]", "not an object"),
    (
        {"fact": "f", "expected": "e", "messages": [{"role": "boss", "content": "q"}]},
        "messages[0].role",
        "no role",
    ),
    (
        {"fact": "f", "expected": "e", "messages": [{"role": "user"}]},
        "messages[0].content",
        "missing or empty",
    ),
    (
        {"fact": "f", "expected": "e", "messages": [{"role": "assistant", "content": "hello"}]},
        "messages[0].role",
        "not the user's",
    ),
    (GOOD | {"expected": []}, "expected", "missing or empty"),
    ({"fact": "f", "question": "q"}, "expected", "missing or empty"),
    (GOOD | {"expected": 7}, "expected", "neither text nor a list"),
    (GOOD | {"expected": ["a", ""]}, "expected[1]", "empty or not text"),
    (GOOD | {"stale": {"a": 1}}, "stale", "neither text nor a list"),
    (GOOD | {"group": "older"}, "group", "'older' is not known"),
    (GOOD | {"grader": "vibes"}, "grader", "'vibes' is not known"),
    (GOOD | {"grader": ["exact"]}, "grader", "is not known"),
    (GOOD | {"grader": "f1>=1.5"}, "grader", "is not known"),
    (GOOD | {"grader": "regex", "expected": ["花", "("]}, "expected[1]", "not a regular expression"),
    (GOOD | {"grader": "json", "expected": "{}", "stale": "{"}, "stale", "not JSON"),
    (GOOD | {"label": "two words"}, "label", "no label"),
    (GOOD | {"label": 7}, "label", "no label"),
    (GOOD | {"answer": "x"}, "", "the key 'answer' means nothing"),
]


@pytest.mark.parametrize(("bad", "path", "words"), MALFORMED)
def test_a_malformed_probe_is_an_error_with_place_and_remedy(bad: object, path: str, words: str) -> None:
    """Line, path, what is wrong and what to do."""
    error = refused(lines(GOOD, bad))
    first = error.report.findings[0]
    assert (first.line, first.path, first.severity) == (2, path, Severity.ERROR)
    assert words in first.message
    assert first.hint
    assert words in str(error)


def test_a_line_that_is_no_json_says_how_to_write_it() -> None:
    """As a line of rows does."""
    [finding] = refused(lines(GOOD, "{'fact': 'x'}")).report.findings
    assert "single quotes" in finding.message
    assert "json.dumps" in finding.hint


def test_an_unknown_grader_and_group_come_with_the_known_ones() -> None:
    """The remedy lists what could be meant."""
    hints = [finding.hint for finding in refused(lines(GOOD | {"grader": "g", "group": "h"})).report.findings]
    assert hints == [
        "Known are old, new, updated, general",
        "Known are contains, exact, f1, json, normalised, regex, tool_call",
    ]


def test_every_problem_of_a_file_is_in_one_error(tmp_path: Path) -> None:
    """With the file's name and each line."""
    path = tmp_path / "probes.jsonl"
    path.write_bytes(lines(GOOD, {"fact": "f"}, "{", GOOD | {"extra": 1}))
    with pytest.raises(DatasetError) as caught:
        ProbeSet.from_jsonl(path)
    text = str(caught.value)
    assert "probes.jsonl" in text
    assert [f"line {n}" in text for n in (1, 2, 3, 4)] == [False, True, True, True]
    assert len(caught.value.report.findings) == 4
    assert caught.value.report.examples == 4


def test_a_file_with_many_problems_spells_out_the_first_twenty() -> None:
    """The rest is counted, and is in the report."""
    error = refused(lines(*[{"fact": f"f{place}", "question": "q"} for place in range(50)]))
    assert "and 30 more" in str(error)
    assert len(error.report.findings) == 50


def test_the_same_probe_twice_is_refused() -> None:
    """It would count twice."""
    assert "asks the same as line 1" in str(refused(lines(GOOD, GOOD)))


def test_errors_never_repeat_the_text_of_a_probe() -> None:
    """Not even an unknown key that is really a sentence."""
    secret = "what is the secret plan"
    error = refused(lines({"fact": secret, "question": secret, secret: secret, "group": secret}))
    assert secret not in str(error) + repr(error.report.findings)


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(data: bytes) -> None:
    """No probes is not a probe set."""
    assert "holds no probes" in str(refused(data))


def test_bytes_that_are_not_utf8_are_named() -> None:
    """With the line they stand in."""
    error = refused(lines(GOOD) + b"\n\xff\xfe")
    assert error.line == 2
    assert "UTF-8" in str(error)


def test_a_missing_file_is_a_dataset_error(tmp_path: Path) -> None:
    """It names the path."""
    with pytest.raises(DatasetError, match=r"nowhere\.jsonl"):
        ProbeSet.from_jsonl(tmp_path / "nowhere.jsonl")


def test_a_text_file_object_is_refused() -> None:
    """Probe files are bytes; decoding is ours."""
    with pytest.raises(DatasetError, match='mode "rb"'):
        ProbeSet.from_jsonl(io.StringIO("{}"))  # type: ignore[arg-type]


def test_the_error_survives_pickling() -> None:
    """With its report, for worker processes."""
    error = refused(lines("{"))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.report.findings) == (str(error), error.report.findings)


texts = st.text('abcＡ花、%"\\\u2028', min_size=1, max_size=6).map(lambda text: f"x{text}")
rows = st.fixed_dictionaries(
    {"fact": texts, "question": texts, "expected": st.lists(texts, min_size=1, max_size=3)},
    optional={
        "stale": st.lists(texts, min_size=1, max_size=2),
        "group": st.sampled_from(["old", "new", "updated", "general"]),
        "label": st.sampled_from(["off-distribution", "言い換え"]),
        "grader": st.sampled_from(["exact", "contains", "f1", "f1>=0.9"]),
    },
)


@settings(max_examples=40)
@given(st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: _folded(str(row["question"]))))
def test_writing_and_reading_a_probe_file_changes_nothing(rows: list[dict[str, Any]]) -> None:
    """Equal probes, equal fingerprint."""
    probes = ProbeSet.from_jsonl(lines(*rows))
    again = ProbeSet.from_jsonl(probes.to_bytes())
    assert again == probes
    assert again.fingerprint == probes.fingerprint


def test_a_probe_file_is_written_whole(tmp_path: Path, facts: Dataset) -> None:
    """And its path comes back; without a path the text does."""
    probes = ProbeSet.from_examples(facts)
    path = probes.to_jsonl(tmp_path / "probes.jsonl")
    assert ProbeSet.from_jsonl(path) == probes
    assert path.read_text(encoding="utf-8") == probes.to_jsonl()


def test_a_probe_of_another_order_has_another_fingerprint(facts: Dataset) -> None:
    """Answers are stored by place."""
    probes = ProbeSet.from_examples(facts)
    assert probes.fingerprint != ProbeSet(reversed(list(probes))).fingerprint


def test_the_repr_holds_counts_and_no_content(facts: Dataset) -> None:
    """Neither question, answer nor fact, in a set or a single probe."""
    probes = ProbeSet.from_examples(facts)
    assert repr(probes) == "ProbeSet(16 probes of 4 facts: 16 ungrouped)"
    shown = repr(list(probes)) + str(probes[0])
    assert not any(word in shown for word in ("社長", "花山", "president", "花火"))


def test_a_bare_question_is_asked_under_the_system_prompt() -> None:
    """Messages are sent as they are instead."""
    bare = Probe(fact="f", question="q?", expected=("e",))
    chat = Probe(fact="f", messages=({"role": "user", "content": "q!"},), expected=("e",))
    system = {"role": "system", "content": "Be brief."}
    assert bare.prompt("Be brief.") == [system, {"role": "user", "content": "q?"}]
    assert bare.prompt() == [{"role": "user", "content": "q?"}]
    assert chat.prompt("Be brief.") == [{"role": "user", "content": "q!"}]


def test_one_expected_answer_may_be_given_as_text() -> None:
    """It is one answer, not as many as it has letters."""
    assert Probe(fact="f", question="q", expected="abc").expected == ("abc",)  # type: ignore[arg-type]


def test_a_probe_made_by_hand_is_checked_as_well() -> None:
    """The path names the field."""
    with pytest.raises(DatasetError, match="grader") as caught:
        Probe(fact="f", question="q", expected=("e",), grader="f1>=2")
    assert caught.value.path == "grader"


def test_slices_and_sums_are_probe_sets(facts: Dataset) -> None:
    """With the probes in order."""
    probes = ProbeSet.from_examples(facts)
    assert probes[:4] + probes[4:] == probes
    assert hash(probes[:4] + probes[4:]) == hash(probes)


def test_a_whole_set_is_labelled_at_once(facts: Dataset) -> None:
    """The probes stay what they were; a sentence is no label."""
    probes = ProbeSet.from_examples(facts)
    marked = probes.labelled("言い換え")
    assert {probe.label for probe in marked} == {"言い換え"}
    assert marked.labelled(None) == probes
    with pytest.raises(DatasetError, match="no label"):
        probes.labelled("in other words")


def test_a_trained_question_is_a_finding_that_names_the_probe(facts: Dataset) -> None:
    """Compared normalised; the row of the training data is named too."""
    probes = ProbeSet.from_jsonl(lines(GOOD | {"question": "会長は?"}, GOOD | {"question": "PRESIDENTは"}))
    (finding,) = probes.leakage(facts)
    assert (finding.severity, finding.line) == (Severity.WARNING, 2)
    assert "row 2" in finding.message
    assert "president" not in finding.message.lower()


def test_the_fingerprint_is_computed_once(facts: Dataset) -> None:
    """And stays the same."""
    probes = ProbeSet.from_examples(facts)
    assert probes.fingerprint is probes.fingerprint


def grouped(old: dict[str, set[str]], new: dict[str, set[str]], **more: Any) -> Probe:
    """One probe after grouping."""
    return ProbeSet([Probe(fact="f", question="q", expected=("now",), **more)]).grouped(old, new)[0]


@pytest.mark.parametrize(
    ("old", "new", "group", "stale"),
    [
        ({"f": {"now"}}, {}, "old", ()),
        ({"f": {"now"}}, {"f": {"NOW!"}}, "old", ()),
        ({}, {"f": {"now"}}, "new", ()),
        ({}, {}, "general", ()),
        ({"f": {"then"}}, {"f": {"now"}}, "updated", ("then",)),
        ({"f": {"then", "now"}}, {"f": {"now"}}, "updated", ("then",)),
        ({"f": {"then"}}, {"f": {"then", "now"}}, "updated", ()),
    ],
)
def test_a_missing_group_follows_from_the_two_histories(
    old: dict[str, set[str]], new: dict[str, set[str]], group: str, stale: tuple[str, ...]
) -> None:
    """Answers are compared normalised; stale are old answers that are neither expected nor taught still."""
    probe = grouped(old, new)
    assert (probe.group, probe.stale) == (group, stale)


def test_a_given_group_and_given_stale_answers_stay() -> None:
    """The file knows better."""
    probe = grouped({"f": {"then"}}, {"f": {"now"}}, group="general", stale=("long ago",))
    assert (probe.group, probe.stale) == ("general", ("long ago",))


@pytest.mark.parametrize(
    ("grader", "expected", "before", "stale"),
    [
        ("json", '{"a":1}', "It is one.", ()),
        ("json", '{"a":1}', '{"a":2}', ('{"a":2}',)),
        ("tool_call", '{"name":"f","arguments":{}}', "I cannot look that up.", ()),
        (
            "tool_call",
            '{"name":"f","arguments":{}}',
            '{"name":"g","arguments":{}}',
            ('{"name":"g","arguments":{}}',),
        ),
        ("regex", "Rust", "a" * 600, ()),
        ("regex", "Rust", "C++ or Rust", ()),
        ("contains", "Rust", "C++ (old)", ("C++ (old)",)),
        ("f1>=0.9", "Rust", "C++ (old)", ("C++ (old)",)),
    ],
)
def test_an_old_answer_becomes_stale_where_the_grader_can_look_for_it(
    grader: str, expected: str, before: str, stale: tuple[str, ...]
) -> None:
    """A probe that the history makes unreadable would end a comparison after everything was asked."""
    probe = Probe(fact="f", question="q", expected=(expected,), grader=grader)
    assert ProbeSet([probe]).grouped({"f": {before}}, {"f": {expected}})[0].stale == stale


@pytest.mark.parametrize(
    ("old", "answer", "stale"),
    [
        ("C++ (old)", "It was C++ (old), I think", True),
        ("3.5", "The version is 3.5", True),
        ("3.5", "The version is 375", False),
        ("3.5", "The version is 13.5", False),
        ("京都", "本社は京都です", True),
    ],
)
def test_an_old_answer_is_no_pattern(old: str, answer: str, stale: bool) -> None:
    """Its dots and brackets stand for themselves, and it is not found within a longer word or number."""
    probe = Probe(fact="f", question="q", expected=("Rust|4",), grader="regex")
    assert is_stale(ProbeSet([probe]).grouped({"f": {old}}, {"f": {"Rust"}})[0], answer) is stale


def test_a_grader_of_ones_own_gets_no_stale_answers() -> None:
    """What it compares with is the caller's form; an answer of the history may be none, and it would raise."""
    probes = ProbeSet(
        [Probe(fact="f", question="q", expected=("2",), grader="near")], graders={"near": _near}
    )
    assert probes.grouped({"f": {"about one"}}, {"f": {"2"}})[0].stale == ()


def _near(expected: str, answer: str) -> bool:
    return abs(float(expected) - float(answer)) < 1


@pytest.mark.parametrize("group", ["old", "updated"])
def test_an_answer_outdated_earlier_on_the_way_is_stale(group: Group) -> None:
    """A relapse to the first answer of three is one, too, and so is one in a fact that this step leaves alone."""
    before = "now" if group == "old" else "then"
    (probe,) = ProbeSet([Probe(fact="f", question="q", expected=("now",))]).grouped(
        {"f": {before}}, {"f": {"now"}}, {"f": {"long ago", "now"}}
    )
    assert (probe.group, "long ago" in probe.stale, "now" in probe.stale) == (group, True, False)


def test_an_answer_that_is_still_taught_is_not_stale() -> None:
    """The challenger was trained to give it: rejecting it for that would be wrong."""
    (probe,) = ProbeSet([Probe(fact="f", question="q", expected=("C",))]).grouped(
        {"f": {"A", "B"}}, {"f": {"B", "C"}}
    )
    assert (probe.group, probe.stale) == ("updated", ("A",))
