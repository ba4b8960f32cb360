"""What is checked when all rows are looked at together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.dataset import AzureRules, Dataset, Finding


def of(code: str, dataset: Dataset, **options: Any) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in dataset.validate(**options).findings if finding.code == code]


def test_ten_good_rows_have_no_findings(ten: Any) -> None:
    """The baseline of the tests below."""
    assert Dataset.from_examples(ten).validate().findings == ()


def test_nine_rows_are_too_few(ten: Any, lines: Any, tmp_path: Path) -> None:
    """The service asks for ten; the finding names the file."""
    path = tmp_path / "nine.jsonl"
    path.write_bytes(lines(*ten[:9]))
    report = Dataset.from_jsonl(path).validate()
    [finding] = report.findings[:1]
    assert (finding.code, finding.line, finding.source) == ("too-few-examples", None, str(path))
    assert "9 examples" in finding.message
    assert not report.ok


def test_the_minimum_counts_rows_not_distinct_rows(ten: Any) -> None:
    """As the service does."""
    report = Dataset.from_examples([ten[0]] * 10).validate()
    assert report.ok
    assert report.counts["duplicate-row"] == 9


def test_the_minimum_can_be_lowered(ten: Any) -> None:
    """A plan checks its new rows so, because its own file has more."""
    assert of("too-few-examples", Dataset.from_examples(ten[:3]), rules=AzureRules(min_examples=3)) == []


def test_a_duplicate_names_the_first_line(ten: Any, lines: Any) -> None:
    """Whatever the order of its keys."""
    again = {"messages": [dict(reversed(message.items())) for message in ten[2]["messages"]]}
    [finding] = of("duplicate-row", Dataset.from_jsonl(lines(*ten, again)))
    assert (finding.line, finding.message) == (11, "the same row as line 3")


def test_a_duplicate_in_another_file_names_that_file(ten: Any, lines: Any, tmp_path: Path) -> None:
    """Line numbers alone would be ambiguous."""
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(lines(ten[0]))
    [finding] = of("duplicate-row", Dataset.from_jsonl(tmp_path / "a") + Dataset.from_jsonl(tmp_path / "b"))
    assert finding.source == str(tmp_path / "b")
    assert finding.message == f"the same row as line 1 of {tmp_path / 'a'}"


def test_one_answer_for_all_rows_is_a_warning(chat: Any) -> None:
    """Such a file teaches the model to say it to everything; small differences do not help."""
    dataset = Dataset.from_examples([chat(f"q{n}", "Yes." if n % 2 else "yes") for n in range(10)])
    [finding] = of("one-answer", dataset)
    assert finding.severity == "warning"
    assert dataset.validate().ok


def test_two_answers_are_enough(chat: Any) -> None:
    """One row with another answer is a contrast."""
    dataset = Dataset.from_examples([chat(f"q{n}", "Yes" if n else "No") for n in range(10)])
    assert of("one-answer", dataset) == []


@pytest.mark.parametrize(("user", "assistant"), [("human", "bot"), ("User", "assistant"), ("user", "gpt")])
def test_roles_by_other_names_ask_and_answer(user: str, assistant: str) -> None:
    """The roles are the finding. Facts, phrasings and contradictions are counted as if they were mended."""
    turns = [(user, "Who leads {}?"), (assistant, "Ann leads {}.")]
    rows = [
        {"messages": [{"role": role, "content": text.format(n)} for role, text in turns]} for n in range(12)
    ]
    dataset = Dataset.from_examples([*rows, {"messages": [rows[0]["messages"][0], rows[1]["messages"][1]]}])
    [finding] = of("few-phrasings", dataset)
    assert finding.message.startswith("12 of 12 facts")
    [finding] = of("contradiction", dataset)
    assert "line 1 " in f"{finding.message} "


def test_knowledge_is_seen_behind_other_roles() -> None:
    """A file of facts stays one, whoever is said to speak."""
    rows = [
        {
            "messages": [
                {"role": role, "content": f"{text} {n}"} for role, text in (("human", "Q"), ("bot", "A"))
            ]
        }
        for n in range(12)
    ]
    assert len(of("knowledge-like", Dataset.from_examples(rows), level="deep")) == 1


def test_few_phrasings_are_one_finding_for_the_file(chat: Any) -> None:
    """Not one per fact: a file of facts would drown in them."""
    rows = [chat(f"q{fact}{n}", f"a{fact}", fact=f"f{fact}") for fact in range(5) for n in range(fact + 1)]
    [finding] = of("few-phrasings", Dataset.from_examples(rows))
    assert finding.line is None
    assert "3 of 5 facts" in finding.message


def test_rows_without_facts_are_grouped_by_answer(chat: Any) -> None:
    """A derived fact has one phrasing by definition, and would always warn."""
    rows = [chat(f"q{n}", f"a{n % 3}") for n in range(12)]
    assert of("few-phrasings", Dataset.from_examples(rows)) == []


def test_the_same_question_twice_is_one_phrasing(chat: Any) -> None:
    """Copies teach nothing more."""
    rows = [chat("q", "a") for _ in range(10)]
    assert len(of("few-phrasings", Dataset.from_examples(rows))) == 1


def test_a_fact_with_two_answers_is_named_once(chat: Any, lines: Any) -> None:
    """At the first row with the second answer; spelling is no other answer, nor is one of a row without that fact."""
    answers = ["At 9.", "at 9", "At 10.", "At 11."]
    rows = [chat(f"q{number}", answer, topic="hours") for number, answer in enumerate(answers)]
    rows += [chat("q4", "At 12."), chat("q5", "Ann", topic="lead"), chat("q6", "Ann", topic="lead")]
    report = Dataset.from_jsonl(lines(*rows), fact="topic").validate()
    [finding] = [finding for finding in report if finding.code == "fact-answers"]
    assert (finding.line, finding.severity) == (3, "warning")
    assert finding.message == "line 1 has the same fact and another answer"
    assert "hours" not in str(report)


def test_facts_that_were_derived_have_no_second_answer(chat: Any) -> None:
    """They are questions; the same messages with another answer are a contradiction already."""
    rows = [chat("Who leads?", "Ann", system="A"), chat("who leads", "Ben", system="B")]
    assert of("fact-answers", Dataset.from_examples(rows)) == []


def test_only_texts_at_the_end_of_a_row_answer_its_fact(chat: Any) -> None:
    """Calls have ids, which always differ; and what follows the last answer makes it none."""

    def calling(name: str) -> dict[str, Any]:
        call = {"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        return {"messages": [{"role": "user", "content": name}, {"role": "assistant", "tool_calls": [call]}]}

    open_end = chat("c", "another")
    open_end["messages"].append({"role": "user", "content": "Thanks"})
    rows = [{**row, "fact": "f"} for row in (calling("a"), calling("b"), open_end, chat("d", "one"))]
    assert of("fact-answers", Dataset.from_examples(rows)) == []


def test_very_many_answers_are_compared_like_a_few(chat: Any) -> None:
    """Also after more of them than are remembered."""
    rows = [chat(f"q{number}", f"A {number % 1500}", fact=str(number % 1500)) for number in range(3000)]
    assert of("fact-answers", Dataset.from_examples(rows)) == []
    [finding] = of("fact-answers", Dataset.from_examples([*rows, chat("q", "x" * 5000, fact="7")]))
    assert finding.line == 3001


def test_a_conflict_with_the_history_is_found(ten: Any, chat: Any) -> None:
    """On each new row whose fact has another answer in the history."""
    history = Dataset.from_examples([chat("Who leads?", "Ann"), chat("Where?", "Osaka")])
    new = Dataset.from_examples([*ten, chat("who leads", "Ben"), chat("where", "osaka.")])
    [finding] = of("history-conflict", new, history=history)
    assert finding.line == 11


def test_a_near_miss_with_the_history_names_both_places(
    ten: Any, chat: Any, lines: Any, tmp_path: Path
) -> None:
    """The line is that of the history; the message names the new row."""
    (tmp_path / "old").write_bytes(lines(chat("Who leads the sales team in Kyoto?", "Ann")))
    (tmp_path / "new").write_bytes(lines(*ten, chat("Who leads the sales team in Kyoto now?", "Ben")))
    history = Dataset.from_jsonl(tmp_path / "old")
    [finding] = of("near-miss", Dataset.from_jsonl(tmp_path / "new"), history=history)
    assert (finding.source, finding.line) == (str(tmp_path / "old"), 1)
    assert f"line 11 of {tmp_path / 'new'}" in finding.message


def test_history_is_not_looked_at_on_the_level_of_rows(ten: Any, chat: Any) -> None:
    """That level looks at each row alone."""
    history = Dataset.from_examples([chat("a x?", "no")])
    assert Dataset.from_examples(ten).validate(level="rows", history=history).findings == ()


def test_unsound_rows_take_no_part_in_file_checks(ten: Any, lines: Any) -> None:
    """Two rows that cannot be read are not duplicates of each other."""
    report = Dataset.from_jsonl(lines(*ten, b"{", b"{")).validate()
    assert report.counts == {"json-truncated": 2}
    assert report.examples == 12


def test_slices_are_checked_like_files(ten: Any, lines: Any) -> None:
    """With the lines of the file they come from, and without its blank lines."""
    data = b"\n" + lines(*ten, *ten)
    report = Dataset.from_jsonl(data)[10:].validate()
    assert (report.examples, report.counts) == (10, {})


def test_reinforcement_rows_need_no_answer(chat: Any) -> None:
    """And may carry fields of their own for the grader."""
    rows = [{"messages": [{"role": "user", "content": f"q{n}"}], "reference": n} for n in range(10)]
    report = Dataset.from_examples(rows).validate(AzureRules(method="reinforcement"))
    assert report.findings == ()


def test_preference_rows_pass_under_their_own_method() -> None:
    """Input and two outputs."""
    rows = [
        {
            "input": {"messages": [{"role": "user", "content": f"q{n}"}]},
            "preferred_output": [{"role": "assistant", "content": "good"}],
            "non_preferred_output": [{"role": "assistant", "content": "bad"}],
        }
        for n in range(10)
    ]
    assert Dataset.from_examples(rows).validate(AzureRules(method="dpo")).findings == ()


def test_a_text_that_is_the_name_of_a_role_is_no_role(lines: Any) -> None:
    """The last question is looked for among the roles."""
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"question {number}"},
                {"role": "assistant", "content": "user"},
                {"role": "assistant", "content": "The answer."},
            ]
        }
        for number in range(8)
    ]
    assert "few-phrasings" not in Dataset.from_jsonl(lines(*rows)).validate().counts


@pytest.mark.parametrize(("length", "found"), [(200, 0), (300, 1)])
def test_spelling_counts_in_long_answers_of_a_fact(lines: Any, chat: Any, length: int, found: int) -> None:
    """Nothing that takes so long to tell differs in its spelling alone."""
    rows = [chat(f"Q{number}", mark * length + "!" * number, fact="f") for number, mark in enumerate("aA")]
    assert Dataset.from_jsonl(lines(*rows)).validate().counts.get("fact-answers", 0) == found
