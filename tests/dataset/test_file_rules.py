"""Rules of whole files: answers, validation rows, sizes, tokens, near duplicates, knowledge."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.dataset import LIMITS, AzureRules, Dataset, Finding, Severity
from aoai_finetune.errors import DatasetError

Row = dict[str, Any]


def of(code: str, dataset: Dataset, rules: AzureRules | None = None, **options: Any) -> list[Finding]:
    """The findings of one rule."""
    report = dataset.validate(rules, **options)
    return [finding for finding in report.findings if finding.code == code]


def test_contradictory_answers_name_the_first_line(ten: Any, chat: Any, lines: Any) -> None:
    """To the same messages."""
    rows = [*ten, chat("Who leads?", "Ann"), chat("Who leads?", "Ben"), chat("Who leads now?", "Ben")]
    [finding] = of("contradiction", Dataset.from_jsonl(lines(*rows)))
    assert (finding.line, finding.severity) == (12, "warning")
    assert "line 11" in finding.message


def test_another_system_message_is_another_prompt(ten: Any, chat: Any) -> None:
    """The same question may have another answer there."""
    rows = [*ten, chat("Hi", "Hello", system="English"), chat("Hi", "Bonjour", system="French")]
    assert of("contradiction", Dataset.from_examples(rows)) == []


def test_rows_shared_with_validation_are_found(ten: Any, chat: Any) -> None:
    """The row itself, or its question spelt a little differently; each with one finding."""
    dataset = Dataset.from_examples([*ten, chat("Where is it?", "Osaka")])
    validation = Dataset.from_examples([ten[2], chat("where is it", "Kyoto")])
    [row] = of("shared-row", dataset, validation=validation)
    [question] = of("shared-question", dataset, validation=validation)
    assert (row.line, question.line) == (3, 11)


def test_without_validation_rows_nothing_is_shared(ten: Any, chat: Any) -> None:
    """And with others neither."""
    other = Dataset.from_examples([chat("Something else?", "Yes")])
    dataset = Dataset.from_examples(ten)
    assert dataset.validate(validation=other).findings == ()
    assert dataset.validate(validation=dataset, level="rows").findings == ()


def test_validation_rows_that_cannot_be_read_are_passed_over(ten: Any, lines: Any) -> None:
    """They have findings of their own when they are validated."""
    validation = Dataset.from_jsonl(lines(b"{", b"", ten[0]))
    assert len(of("shared-row", Dataset.from_examples(ten), validation=validation)) == 1


def test_grader_fields_that_some_rows_lack_are_found(chat: Any) -> None:
    """One finding per field, at the first row without it."""
    rows = [{"messages": [{"role": "user", "content": f"q{n}"}], "reference": n} for n in range(12)]
    rules = AzureRules(method="reinforcement")
    assert of("grader-fields", Dataset.from_examples(rows), rules) == []
    del rows[4]["reference"]
    rows[7]["note"] = ""
    found = {
        finding.path: finding.line for finding in of("grader-fields", Dataset.from_examples(rows), rules)
    }
    assert found == {"reference": 5, "note": 1}


@pytest.mark.parametrize(
    ("code", "limit", "severity"),
    [
        ("file-size", "file-bytes", "warning"),
        ("file-size-upload", "upload-bytes", "warning"),
        ("file-size-portal", "portal-bytes", "info"),
    ],
)
def test_a_large_file_is_named(
    ten: Any, lines: Any, tmp_path: Path, code: str, limit: str, severity: str
) -> None:
    """By its size on the disk; the limit can be another."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*ten))
    size = path.stat().st_size
    for dataset in (Dataset.from_jsonl(path), Dataset.from_jsonl(path.read_bytes())):
        assert of(code, dataset, AzureRules(limits={limit: size})) == []
        [finding] = of(code, dataset, AzureRules(limits={limit: size - 1}))
        assert finding.severity == severity
        assert f"{size:,}" in finding.message
    assert of(code, Dataset.from_jsonl(path)) == []


def test_a_sum_of_files_has_the_size_of_both(ten: Any, lines: Any) -> None:
    """And the size of a part of a file is not known."""
    dataset, size = Dataset.from_jsonl(lines(*ten)), len(lines(*ten))
    rules = AzureRules(limits={"file-bytes": size + 1})
    assert len(of("file-size", dataset + dataset, rules)) == 1
    assert of("file-size", (dataset + dataset)[:5], AzureRules(limits={"file-bytes": 1})) == []


def test_rows_longer_than_the_context_are_found_in_depth(ten: Any, chat: Any) -> None:
    """The limit follows the model, and the message says that the number is an estimate where it is one."""
    dataset = Dataset.from_examples([*ten, chat("Q", "word " * 40_000)])
    assert of("example-tokens", dataset, AzureRules(model="gpt-4.1-2025-04-14"), level="deep") == []
    [finding] = of("example-tokens", dataset, AzureRules(model="gpt-4.1-nano-2025-04-14"), level="deep")
    assert finding.line == 11
    assert "32,768" in finding.message
    assert of("example-tokens", dataset, AzureRules(limits={"example-tokens": 100}), level="file") == []


def test_a_model_nobody_knows_has_no_context_to_exceed(ten: Any, chat: Any) -> None:
    """A wrong number would be worse than none; it can be given."""
    dataset = Dataset.from_examples([*ten, chat("Q", "word " * 80_000)])
    assert of("example-tokens", dataset, AzureRules(model="new-model-1"), level="deep") == []
    rules = AzureRules(model="new-model-1", limits={"example-tokens": 1000})
    assert len(of("example-tokens", dataset, rules, level="deep")) == 1


def test_tokens_times_epochs_have_a_limit(ten: Any) -> None:
    """Unknown epochs count as one."""
    dataset = Dataset.from_examples(ten)
    tokens = dataset.tokens().tokens
    limits = {"job-tokens": 3 * tokens}
    assert of("job-tokens", dataset, AzureRules(limits=limits), level="deep") == []
    assert of("job-tokens", dataset, AzureRules(limits=limits, n_epochs=3), level="deep") == []
    [finding] = of("job-tokens", dataset, AzureRules(limits=limits, n_epochs=4), level="deep")
    assert "4 epochs" in finding.message


def test_images_per_file_have_a_limit(ten: Any, chat: Any) -> None:
    """Rows are counted, not images."""
    part = {"type": "image_url", "image_url": {"url": "https://a.org/a.png"}}
    rows = [*ten, *(chat([part, part], f"answer {n}") for n in range(3))]
    for most, expected in ((3, 0), (2, 1)):
        rules = AzureRules(limits={"images-per-file": most})
        assert len(of("images-per-file", Dataset.from_examples(rows), rules, level="deep")) == expected


def test_images_are_for_models_that_learn_from_them(chat: Any) -> None:
    """Models of which nothing is known are not doubted when no model is named."""
    part = {"type": "image_url", "image_url": {"url": "https://a.org/a.png"}}
    dataset = Dataset.from_examples([chat([part], "A cat")])
    for model, expected in (("gpt-4.1-nano-2025-04-14", 1), ("gpt-4.1-2025-04-14", 0), ("gpt-4o", 0)):
        assert len(of("image-model", dataset, AzureRules(model=model), level="rows")) == expected
    assert of("image-model", dataset, level="rows") == []


def test_near_duplicates_are_found_in_depth(lines: Any) -> None:
    """All but a few, and nothing else: two in a hundred rows are an earlier row with one word more."""
    rng = random.Random(5)
    words = ["".join(rng.choices("aeioulmnrst", k=rng.randint(2, 8))) for _ in range(800)]
    rows, truth = list(_rows_nearly_repeated(rng, words)), set()
    for number, (row, near) in enumerate(rows, 1):
        truth |= {number} if near else set()
        assert row
    report = Dataset.from_jsonl(lines(*(row for row, _ in rows))).validate(level="deep")
    found = {finding.line for finding in report.findings if finding.code == "near-duplicate"}
    assert found <= truth
    assert len(found) >= 0.95 * len(truth)


def _rows_nearly_repeated(rng: random.Random, words: list[str]) -> Iterator[tuple[Row, bool]]:
    texts: list[tuple[str, str]] = []
    for number in range(1000):
        near = number > 50 and rng.random() < 0.04
        if near:
            question, answer = rng.choice(texts)
            answer = f"{answer} {rng.choice(words)}"
        else:
            question = " ".join(rng.choices(words, k=rng.randint(8, 20)))
            answer = " ".join(rng.choices(words, k=rng.randint(15, 60)))
            texts.append((question, answer))
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        yield {"messages": [{"role": "system", "content": "Be kind"}, *turns]}, near


def test_near_duplicates_are_found_in_japanese(ten: Any, chat: Any) -> None:
    """Where words have no spaces."""
    asked = "返品の手続きはどのようにすればよいですか。購入日から何日以内であれば受け付けてもらえますか。"
    given = "購入日から一週間以内に、会員ページの返品申込書からお申し込みください。送料はお客様のご負担です。"
    rows = [*ten, chat(asked, given), chat(asked, given + "なお食品は除きます。")]
    [finding] = of("near-duplicate", Dataset.from_examples(rows), level="deep")
    assert finding.line == 12
    assert "line 11" in finding.message


def test_another_number_is_another_fact(ten: Any, chat: Any) -> None:
    """Rows of a template teach what differs; and equal rows are duplicates, not near ones."""
    text = (
        "The opening hours of our shop in the main street of the old town on working days are from 9 to {}."
    )
    rows = [*ten, *(chat(text.format(hour), text.format(hour)) for hour in (17, 18, 17))]
    assert of("near-duplicate", Dataset.from_examples(rows), level="deep") == []


def test_a_file_of_facts_gets_advice(chat: Any) -> None:
    """Facts are better looked up; a file of behaviour gets none."""
    facts = [chat(f"What does product {n} cost?", f"It costs {n * 7} dollars.") for n in range(20)]
    [finding] = of("knowledge-like", Dataset.from_examples(facts), level="deep")
    assert finding.line is None
    assert "retrieval" in finding.hint
    style = [chat(f"{word}?", f"Well, {word} indeed, my dear friend.") for word in "abcdefghijklmnopqrst"]
    assert of("knowledge-like", Dataset.from_examples(style), level="deep") == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "password: hunter2hunter2",
        "AccountKey=" + "Ab1+" * 20 + "==",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x",
    ],
)
def test_secrets_are_found_and_not_shown(ten: Any, chat: Any, text: str) -> None:
    """Neither in the findings nor in the report."""
    report = Dataset.from_examples([*ten, chat("Q", f"Use {text} here")]).validate(level="deep")
    assert report.counts["secret"] == 1
    assert text not in f"{report}{report.findings}"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ann.lee@contoso.com", "e-mail"),
        ("4111 1111 1111 1111", "card"),
        ("GB82 WEST 1234 5698 7654 32", "IBAN"),
        ("+81 3-1234-5678", "telephone"),
        ("090-1234-5678", "telephone"),
        ("マイナンバーは 1234 5678 9012", "Japanese"),
        ("123-45-6789", "social security"),
    ],
)
def test_personal_data_is_found_and_not_shown(ten: Any, chat: Any, text: str, what: str) -> None:
    """The message says what kind it is, and that it is a guess."""
    [finding] = of("personal-data", Dataset.from_examples([*ten, chat(text, "A")]), level="deep")
    assert what in finding.message
    assert "heuristic" in finding.message
    assert text not in str(finding)


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "GB00 WEST 1234 5698 7654 32", "2026-11-22", "10-20"]
)
def test_numbers_of_other_kinds_are_not_personal(ten: Any, chat: Any, text: str) -> None:
    """Card and account numbers have check digits."""
    assert of("personal-data", Dataset.from_examples([*ten, chat(text, "A")]), level="deep") == []


def test_heuristics_say_that_they_are() -> None:
    """In the list of rules, too."""
    guesses = {rule.code for rule in AzureRules().describe() if rule.heuristic}
    assert guesses == {"secret", "personal-data", "knowledge-like"}
    assert all(rule.severity is Severity.WARNING for rule in AzureRules().describe() if rule.heuristic)


def test_every_limit_has_a_source_and_a_date() -> None:
    """And is listed once for each model."""
    assert all(any(year in limit.source for year in ("2025", "2026")) for limit in LIMITS)
    assert len({(limit.name, limit.models) for limit in LIMITS}) == len(LIMITS)


def test_limits_can_be_overridden() -> None:
    """The rule then says so."""
    rules = AzureRules(limits={"images-per-example": 3})
    [limit] = [limit for limit in rules.limits if limit.name == "images-per-example"]
    [rule] = [rule for rule in rules.describe() if rule.code == "images-per-row"]
    assert (limit.value, limit.source) == (3, "given by the caller")
    assert "at most 3 images" in rule.summary


def test_limits_follow_the_model() -> None:
    """Also that of a model which was made from it."""
    name = "gpt-4.1-nano-2025-04-14.ft-5fd1918ee65d4cd38a5dcf6835066ed7-a"
    for model, tokens in ((name, 32_768), ("gpt-4.1", 65_536), (None, 65_536), ("other", None)):
        limits: Mapping[str, int] = {limit.name: limit.value for limit in AzureRules(model=model).limits}
        assert limits.get("example-tokens") == tokens


@pytest.mark.parametrize("limits", [{"rows": 3}, {"examples": 0}, {"examples": True}, {"examples": 2.5}])
def test_a_limit_that_is_none_is_an_error(limits: Any) -> None:
    """A typing error would silently check less than asked for."""
    with pytest.raises(DatasetError, match="limit"):
        AzureRules(limits=limits)


def test_rules_travel_to_other_processes() -> None:
    """Limits, switches and model; the checks are put together again there."""
    import pickle

    rules = AzureRules(model="gpt-4o-2024-08-06", off=["one-answer"], limits={"examples": 20})
    rules.describe()
    copy = pickle.loads(pickle.dumps(rules))
    assert [rule.code for rule in copy.describe()] == [rule.code for rule in rules.describe()]
    assert copy.min_examples == 20


def test_deep_finds_all_that_file_finds(ten: Any, lines: Any) -> None:
    """The levels contain each other."""
    dataset = Dataset.from_jsonl(lines(*ten[:3], ten[0], b"{", {"messages": [], "x": 1}))
    counts = [set(dataset.validate(level=level).counts) for level in ("rows", "file", "deep")]
    assert counts[0] <= counts[1] <= counts[2]


def test_a_row_of_very_many_messages_is_answered(lines: Any) -> None:
    """What no model could take is named, and not looked at to the end."""
    row: Row = {"messages": [{}] * 20_000}
    report = Dataset.from_jsonl(json.dumps(row).encode()).validate(level="rows")
    assert report.counts["list-too-long"] == 1
    assert report.counts["role-missing"] == 4_000


def test_copies_of_many_rows_with_different_tools_are_found(chat: Any, lines: Any) -> None:
    """Also where there are more lists of tools than are remembered."""
    names = [{"type": "function", "function": {"name": f"f{number}"}} for number in range(600)]
    rows = [{**chat("Q", "A"), "tools": [name]} for name in names]
    assert Dataset.from_jsonl(lines(*rows, *rows)).validate().counts["duplicate-row"] == 600


def test_a_call_named_one_is_no_copy_of_a_call_named_true(lines: Any) -> None:
    """Python takes them for equal."""
    function = {"name": "f", "arguments": "{}"}
    rows = [
        {
            "messages": [
                {"role": "assistant", "tool_calls": [{"id": name, "type": "function", "function": function}]}
            ]
        }
        for name in (1, True)
    ]
    assert "duplicate-row" not in Dataset.from_jsonl(lines(*rows)).validate().counts


def test_one_answer_in_many_spellings_is_one_answer(chat: Any, lines: Any) -> None:
    """Each spelling is brought into form once."""
    rows = [chat(f"Q{number}", "Yes" + "!" * (number % 7)) for number in range(5_000)]
    assert Dataset.from_jsonl(lines(*rows)).validate().counts["one-answer"] == 1


@pytest.mark.parametrize("fact", [None, "topic"])
def test_other_calls_after_the_same_messages_are_a_contradiction(lines: Any, fact: str | None) -> None:
    """Rows that end with a call answer with it, whichever way they are read."""
    tools = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
    asked = {"role": "user", "content": "Q"}
    rows = [
        {
            "messages": [
                asked,
                {"role": "assistant", "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": name, "arguments": "{}"}}]},
            ],
            "tools": tools,
        }
        for name in ("f", "f", "g", "g")
    ]  # fmt: skip
    report = Dataset.from_jsonl(lines(*rows), fact=fact).validate()
    assert (report.counts["contradiction"], report.counts["duplicate-row"]) == (2, 2)


def test_results_without_ids_are_not_taken_for_others_with_ids(lines: Any) -> None:
    """Six texts in a row are three pairs or two triples; only equal prompts can contradict each other."""
    bare, named = (
        {"role": "tool", "content": "tool"},
        {"role": "tool", "tool_call_id": "tool", "content": "tool"},
    )
    asked, one, other = (
        {"role": role, "content": text}
        for role, text in (("user", "q"), ("assistant", "a"), ("assistant", "b"))
    )
    rows = lines({"messages": [asked, bare, bare, bare, one]}, {"messages": [asked, named, named, other]})
    assert of("contradiction", Dataset.from_jsonl(rows)) == []


@pytest.mark.parametrize("pair", [(-1, -2), (0, 2**61 - 1)])
def test_calls_with_numbers_of_one_hash_are_no_copies(pair: tuple[int, int], lines: Any) -> None:
    """Arguments that are no text are an error of their own row; the rows still differ."""

    def row(arguments: int) -> dict[str, Any]:
        call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}
        tool = {
            "type": "function",
            "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
        }
        turns = [
            {"role": "user", "content": "q"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "assistant", "content": "z"},
        ]
        return {"messages": turns, "tools": [tool]}

    assert of("duplicate-row", Dataset.from_jsonl(lines(*map(row, pair)))) == []
    assert len(of("duplicate-row", Dataset.from_jsonl(lines(*map(row, (pair[0], pair[0])))))) == 1


def test_a_validation_file_that_cannot_be_read_is_not_passed_over(chat: Any, lines: Any) -> None:
    """Nothing would be found to be shared with it."""
    data = lines(*(chat(f"Question {number}?") for number in range(12)))
    rows = Dataset.from_jsonl(data)
    assert rows.validate(validation=Dataset.from_jsonl(data)).counts["shared-row"] == 12
    with pytest.raises(DatasetError, match="UTF-8"):
        rows.validate(validation=Dataset.from_jsonl(data.decode().encode("utf-16")))


def test_rows_of_instructions_are_no_preference_rows(chat: Any) -> None:
    """Their input is a text, and another method would take them no better."""
    rows = [{"instruction": f"Q{number}", "input": "", "output": "A"} for number in range(12)]
    counts = Dataset.from_examples(rows).validate().counts
    assert "messages-missing" in counts
    assert "preference-row" not in counts


def test_rows_that_are_only_compared_are_not_checked(ten: Any, lines: Any) -> None:
    """What cannot be read is an error in the history, where an old answer would be missed, and else left aside."""
    rows, other = Dataset.from_examples(ten), Dataset.from_jsonl(lines(ten[0], b'{"a'))
    with pytest.raises(DatasetError, match="line 2: the row ends in the middle"):
        rows.validate(history=other)
    assert rows.validate(validation=other).counts["shared-row"] == 1
    array = Dataset.from_jsonl(json.dumps(ten).encode())
    for given in ({"history": array}, {"validation": array}):
        others: dict[str, Any] = given
        with pytest.raises(DatasetError, match="one JSON array"):
            rows.validate(**others)
