"""A probe counts once: what asks the same again is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import Probe, ProbeSet

ASKED = Probe(fact="f", question="Who founded it?", expected=("Hanabi",))
SECRET = "Who founded 秘密?"


def chat(system: str, question: str = "Who founded it?") -> Probe:
    """The question with a system prompt."""
    turns: Any = ({"role": "system", "content": system}, {"role": "user", "content": question})
    return Probe(fact="f", messages=turns, expected=("Hanabi",))


def test_probes_added_to_themselves_are_refused() -> None:
    """Four times fifteen probes are still fifteen: they once made an open verdict a promotion."""
    probes = ProbeSet([ASKED])
    with pytest.raises(DatasetError, match="probe 2 asks the same as probe 1"):
        probes + probes


@pytest.mark.parametrize(
    "change",
    [
        {"label": "again"},
        {"line": 7},
        {"question": "  WHO founded  it"},
        {"question": "Who founded it？"},
        {"expected": ("Yozora",)},
        {"fact": "g"},
    ],
)
def test_what_does_not_change_the_answer_makes_no_new_probe(change: dict[str, Any]) -> None:
    """The model gives one answer to both, whatever they are called and whatever is expected."""
    with pytest.raises(DatasetError, match="asks the same"):
        ProbeSet([ASKED, replace(ASKED, **change)])


@pytest.mark.parametrize(
    "change", [{"group": "new"}, {"grader": "contains"}, {"question": "When was it founded?"}]
)
def test_another_group_grader_or_question_is_another_probe(change: dict[str, Any]) -> None:
    """One answer may be judged for its fact and for its tone."""
    assert len(ProbeSet([ASKED, replace(ASKED, **change)])) == 2


def test_punctuation_inside_a_question_tells_questions_apart() -> None:
    """A product is no quotient."""
    questions = ("What does a*b mean?", "What does a/b mean?", "?", "!")
    assert len(ProbeSet(replace(ASKED, question=question) for question in questions)) == 4


def test_another_system_prompt_is_another_question() -> None:
    """What goes before the question changes the answer."""
    assert len(ProbeSet([ASKED, chat("Be brief."), chat("Be polite.")])) == 3


def test_a_system_prompt_can_make_two_probes_one() -> None:
    """A bare question gets the usual system prompt, and another probe may have it written out."""
    probes = ProbeSet([ASKED, chat("Be brief.")])
    assert len(probes.prompts("Be polite.")) == 2
    with pytest.raises(DatasetError, match="asks the same"):
        probes.prompts("Be brief.")


def test_the_refusal_names_places_and_no_text() -> None:
    """A question may be confidential."""
    first = replace(ASKED, question=SECRET, line=3)
    with pytest.raises(DatasetError, match=r"lines 3 and 9") as caught:
        ProbeSet([first, replace(first, line=9)])
    assert (caught.value.line, caught.value.path) == (9, "question")
    assert "秘密" not in str(caught.value)


def test_examples_that_ask_the_same_make_no_second_probe() -> None:
    """A row twice in a validation file is one question."""
    rows = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}] * 2
    with pytest.raises(DatasetError, match="asks the same"):
        ProbeSet.from_examples(rows)
