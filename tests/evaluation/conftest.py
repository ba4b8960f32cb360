"""Fictional company facts, and comparisons made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from aoai_finetune.dataset import Dataset
from aoai_finetune.evaluation import Comparison, Contender, Gate, Group, Probe, ProbeSet

FACTS = {
    "president": "社長は花山薫です。",
    "employees": "従業員数は2,584名です。",
    "office": "本社は札幌市にあります。",
    "founded": "1990年に設立されました。",
}
FORMS = ("{}を教えて", "{}は?", "{}について知りたい", "御社の{}は何ですか")


def row(
    question: str, answer: str, fact: str, *, system: str = "花火商事の案内係です。"
) -> dict[str, object]:
    """One training row with a fact."""
    turns = (("system", system), ("user", question), ("assistant", answer))
    return {"fact": fact, "messages": [{"role": role, "content": text} for role, text in turns]}


@pytest.fixture
def facts() -> Dataset:
    """Four facts with four phrasings each."""
    return Dataset.from_examples(
        row(form.format(fact), answer, fact) for fact, answer in FACTS.items() for form in FORMS
    )


Compare = Callable[..., Comparison]


@pytest.fixture
def compare() -> Compare:
    """Make a comparison from marks: for each group a text such as `"++ +- -+ --"`, one word of marks per probe."""

    def made(
        *,
        old: str = "",
        new: str = "",
        updated: str = "",
        general: str = "",
        per_fact: int = 1,
        unprobed: int = 0,
        gate: Gate | None = None,
        new_facts: Sequence[str] | None = None,
    ) -> Comparison:
        probes: list[Probe] = []
        marks: list[str] = []
        texts: dict[Group, str] = {"old": old, "new": new, "updated": updated, "general": general}
        for group, text in texts.items():
            for place, mark in enumerate(text.split()):
                fact = f"{group} {place // per_fact}"
                stale = ("outdated",) if group == "updated" else ()
                probes.append(
                    Probe(
                        fact=fact, question=f"{group}? {place}", expected=("right",), stale=stale, group=group
                    )
                )
                marks.append(mark)
        known = {probe.fact for probe in probes if probe.group in {"old", "updated"}}
        return Comparison.from_answers(
            ProbeSet(probes),
            Contender(name="first", model="gpt-x.ft-1", engine="softmax"),
            Contender(name="second", model="gpt-x.ft-2", engine="softmax"),
            [ANSWERS[mark[0]] for mark in marks],
            [ANSWERS[mark[1]] for mark in marks],
            known_facts=known | {f"unprobed {place}" for place in range(unprobed)},
            gate=gate or Gate(),
            new_facts=new_facts,
        )

    return made


ANSWERS = {"+": "Right!", "-": "wrong", "s": "Outdated."}
