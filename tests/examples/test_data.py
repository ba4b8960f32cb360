"""The fictional example rows keep the promises that the quickstart and the tutorial build on."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import pytest

DATA = Path(__file__).parents[2] / "examples" / "data"
TRAINED = {"company_facts.jsonl": 40, "new_product.jsonl": 10, "updated_facts.jsonl": 12}
PROBES = {"probes.jsonl": 66, "updated_probes.jsonl": 9}
REAL_NAMES = ("JBS", "日本ビジネスシステムズ", "アイプリシティ")
MAX_SIMILARITY = 0.7


class Message(TypedDict):
    """One turn of a trained row."""

    role: str
    content: str


class Row(TypedDict):
    """A trained row as the files keep it."""

    fact: str
    messages: list[Message]


class Probe(TypedDict):
    """A question that is asked and never trained on."""

    fact: str
    question: str
    expected: list[str]
    stale: NotRequired[list[str]]


def lines(name: str) -> list[str]:
    """The lines of a data file, split on the line feed alone."""
    text = (DATA / name).read_text(encoding="utf-8")
    assert text.endswith("\n")
    return text.removesuffix("\n").split("\n")


def rows(name: str) -> list[Row]:
    """The trained rows of a file."""
    return [cast("Row", json.loads(line)) for line in lines(name)]


def probes(name: str) -> list[Probe]:
    """The probes of a file."""
    return [cast("Probe", json.loads(line)) for line in lines(name)]


def question(row: Row) -> str:
    """What the user asks in a trained row."""
    return row["messages"][1]["content"]


def answers(name: str) -> dict[str, set[str]]:
    """Every answer that a file trains, by fact."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows(name):
        found[row["fact"]].add(row["messages"][2]["content"])
    return dict(found)


def bare(text: str) -> str:
    """The text without what a reader overlooks: width, case, punctuation, symbols and spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "PSZ")


def trigrams(text: str) -> set[str]:
    """The character trigrams of the bare text."""
    plain = bare(text)
    return {plain[start : start + 3] for start in range(len(plain) - 2)}


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of two questions' character trigrams."""
    left, right = trigrams(one), trigrams(other)
    return len(left & right) / len(left | right)


def trained_questions() -> list[str]:
    """Every question of every trained file."""
    return [question(row) for name in TRAINED for row in rows(name)]


@pytest.mark.parametrize(("name", "count"), [*TRAINED.items(), *PROBES.items()])
def test_a_file_holds_the_promised_number_of_lines(name: str, count: int) -> None:
    """Documents and the quickstart name these counts."""
    assert len(lines(name)) == count


@pytest.mark.parametrize("name", [*TRAINED, *PROBES])
def test_every_line_is_canonical_json_with_readable_japanese(name: str) -> None:
    """Escapes, stray spaces and repeated keys would hide what a row says."""
    assert [json.dumps(json.loads(line), ensure_ascii=False) for line in lines(name)] == lines(name)


@pytest.mark.parametrize("name", [*TRAINED, *PROBES])
def test_every_text_is_nfc(name: str) -> None:
    """A decomposed character would make two equal questions differ."""
    assert [line for line in lines(name) if not unicodedata.is_normalized("NFC", line)] == []


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_row_is_a_fact_and_three_messages(name: str) -> None:
    """The keys stand in one order, and system, user and assistant speak once each."""
    shapes = {(tuple(row), tuple(message["role"] for message in row["messages"])) for row in rows(name)}
    assert shapes == {(("fact", "messages"), ("system", "user", "assistant"))}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("probes.jsonl", ("fact", "question", "expected")),
        ("updated_probes.jsonl", ("fact", "question", "expected", "stale")),
    ],
)
def test_a_probe_has_its_keys_in_one_order(name: str, keys: tuple[str, ...]) -> None:
    """Only probes of updated facts carry a stale answer."""
    assert {tuple(probe) for probe in probes(name)} == {keys}


def test_all_rows_share_one_system_prompt() -> None:
    """A second prompt would be a second variable in every comparison."""
    assert len({row["messages"][0]["content"] for name in TRAINED for row in rows(name)}) == 1


@pytest.mark.parametrize(
    ("name", "facts", "phrasings"),
    [("company_facts.jsonl", 10, 4), ("new_product.jsonl", 1, 10), ("updated_facts.jsonl", 3, 4)],
)
def test_each_fact_is_trained_in_the_same_number_of_phrasings(name: str, facts: int, phrasings: int) -> None:
    """Facts with more rows than others would be kept for that reason alone."""
    assert list(Counter(row["fact"] for row in rows(name)).values()) == [phrasings] * facts


@pytest.mark.parametrize("name", TRAINED)
def test_each_fact_has_exactly_one_answer(name: str) -> None:
    """A fact with two answers could not be graded."""
    assert {fact: len(found) for fact, found in answers(name).items() if len(found) != 1} == {}


def test_no_two_facts_share_an_answer() -> None:
    """An answer names its fact, so a wrong answer says which fact took over."""
    told = [answer for name in TRAINED for found in answers(name).values() for answer in found]
    assert len(set(told)) == len(told)


def test_the_new_fact_is_none_of_the_old_ones() -> None:
    """News that updated an old fact would not be forgetting."""
    assert answers("new_product.jsonl").keys().isdisjoint(answers("company_facts.jsonl"))


def test_each_updated_fact_is_an_old_fact() -> None:
    """Only a known fact can be superseded."""
    assert answers("updated_facts.jsonl").keys() < answers("company_facts.jsonl").keys()


@pytest.mark.parametrize(
    ("name", "facts", "phrasings"),
    [("probes.jsonl", 10 + 1, 6), ("updated_probes.jsonl", 3, 3)],
)
def test_each_fact_is_probed_equally_often(name: str, facts: int, phrasings: int) -> None:
    """Six phrasings for each old fact and for the new one, three for each updated fact."""
    counted = Counter(probe["fact"] for probe in probes(name))
    assert list(counted.values()) == [phrasings] * facts


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("probes.jsonl", ("company_facts.jsonl", "new_product.jsonl")),
        ("updated_probes.jsonl", ("updated_facts.jsonl",)),
    ],
)
def test_a_probe_expects_the_answer_its_fact_is_trained_with(name: str, sources: tuple[str, ...]) -> None:
    """Fact and answer of the probes are those of the rows, none more and none fewer."""
    expected = {probe["fact"]: set(probe["expected"]) for probe in probes(name)}
    assert expected == {fact: said for source in sources for fact, said in answers(source).items()}


def test_a_stale_answer_is_the_one_trained_before_the_update() -> None:
    """A model that still gives it was trained on rows that should have gone."""
    before = answers("company_facts.jsonl")
    assert all(
        set(probe.get("stale", ())) == before[probe["fact"]] for probe in probes("updated_probes.jsonl")
    )


def test_no_question_stands_twice() -> None:
    """A probe that was trained on, or any repeated question, would measure memory of a sentence."""
    asked = [probe["question"] for name in PROBES for probe in probes(name)]
    counted = Counter(bare(text) for text in [*trained_questions(), *asked])
    assert {text: count for text, count in counted.items() if count > 1} == {}


@pytest.mark.parametrize("name", PROBES)
def test_no_probe_is_a_near_copy_of_a_trained_question(name: str) -> None:
    """Character-trigram Jaccard similarity to every trained question stays at or below 0.7."""
    closest = {
        probe["question"]: max(similarity(probe["question"], trained) for trained in trained_questions())
        for probe in probes(name)
    }
    assert {text: value for text, value in closest.items() if value > MAX_SIMILARITY} == {}


def test_no_real_company_is_named() -> None:
    """The published files are about an invented company only."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in DATA.iterdir()}
    assert [(name, real) for name, text in texts.items() for real in REAL_NAMES if real in text] == []


def test_the_only_address_is_under_a_reserved_domain() -> None:
    """RFC 2606 keeps .example free, so mail to the invented helpdesk can reach nobody."""
    told = "".join(answer for found in answers("company_facts.jsonl").values() for answer in found)
    assert [word for word in told.split("@")[1:] if not word.startswith("hotarunagi.example")] == []
