"""Asking old models their old questions, and rehearsing with what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from aoai_finetune import (
    Dataset,
    FineTuneJob,
    MockBackend,
    ModelLineage,
    ModelVersion,
    Naive,
    ProbeSet,
    Replay,
)
from aoai_finetune.backends import Completion
from aoai_finetune.continual import ScheduledReplay
from aoai_finetune.errors import DatasetError, JobNotSucceeded, LineageError, NotFound
from aoai_finetune.lineage import SelfRehearsal
from samples import ATTRIBUTES, BASE, facts, news, probes

SYSTEM = "You answer for Hotaru."
QUESTIONS = {name: [f"What is the {name} of Hotaru?", f"Hotaru: {name}?"] for name in ATTRIBUTES}
OLD = probes()[: len(ATTRIBUTES)]


class Moody(MockBackend):
    """Answers some questions in ways that are no answers."""

    @override
    def chat(self, model: str, messages: Sequence[Mapping[str, Any]], **_options: Any) -> Completion:
        said = {
            "president": ("  ", "stop"),
            "head office": ("I’m sorry, but I can't help with that.", "stop"),
            "capital": ("The capital is kno", "length"),
            "main product": ("", "content_filter"),
        }
        name = str(messages[-1]["content"]).removeprefix("Hotaru: ").removesuffix("?")
        content, reason = said.get(name, ("It is so.", "stop"))
        return Completion(content=content, model=model, finish_reason=reason)


@pytest.fixture
def foreign(backend: MockBackend) -> FineTuneJob:
    """A job that somebody else has bought, and whose file is gone."""
    job = FineTuneJob.submit(backend, model=BASE, training=facts(), suffix="theirs").wait(progress=False)
    backend.delete_file(job.training_file)
    return job


def test_an_empty_question_is_not_asked(lineage: ModelLineage) -> None:
    """A model answers it all the same, and the row would be one that the service refuses."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    with pytest.raises(DatasetError, match="a question is empty"):
        lineage.recall(first, {"president": [QUESTIONS["president"][0], " "]})


def test_another_teams_model_is_recalled_and_adopted(
    lineage: ModelLineage, backend: MockBackend, foreign: FineTuneJob
) -> None:
    """Its answers become rows with their facts, the rows become a version, and replay keeps them."""
    with pytest.raises(LineageError, match="gone"):
        lineage.adopt(foreign.id)
    rows = lineage.recall(str(foreign.fine_tuned_model), QUESTIONS, system=SYSTEM, progress=False)
    assert len(rows) == 2 * len(ATTRIBUTES)
    assert rows.facts == ATTRIBUTES
    assert {row.answer for row in rows} == {row.answer for row in facts()}
    assert rows.left_out == ()
    version = lineage.version(lineage.adopt(foreign.id, training=rows))
    assert version.strategy == "adopted, rows recalled"
    kept = lineage.continue_from(version, news(), strategy=Replay(fraction=1.0)).wait(progress=False)
    lost = lineage.continue_from(version, news(), strategy=Naive()).wait(progress=False)
    assert lineage.compare(version, kept, probes(), progress=False).retention == 1.0
    assert (lineage.compare(version, lost, probes(), progress=False).retention or 0) < 0.5


def test_what_is_no_answer_is_left_out_and_listed(path: Path) -> None:
    """Empty, refused, cut off, filtered; nothing of it shows in a repr."""
    asked = {name: f"Hotaru: {name}?" for name in ATTRIBUTES}
    with ModelLineage(path, backend=Moody()) as lineage:
        rows = lineage.recall(BASE, asked, progress=False)
        assert rows.facts == ("founding year", "opening hours")
        assert {each.fact: each.reason for each in rows.left_out} == {
            "president": "empty",
            "head office": "refused",
            "capital": "cut off",
            "main product": "filtered",
        }
        assert "president" not in repr(rows.left_out)
        strict = lineage.recall(BASE, asked, refused=lambda answer: "so" in answer, progress=False)
        assert strict.facts == ()


def test_a_version_is_asked_what_it_was_taught(lineage: ModelLineage, backend: MockBackend) -> None:
    """Without questions; asked again, nothing is asked."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    rows = lineage.recall(first, progress=False)
    assert rows == facts()
    assert rows.facts == facts().facts
    asked = backend.calls["chat"]
    assert asyncio.run(lineage.recall_async(first, progress=False)) == rows
    assert backend.calls["chat"] == asked


@pytest.mark.parametrize(
    "questions",
    [OLD, facts()[::4], [probe.asked for probe in OLD]],
    ids=["probes", "rows", "texts"],
)
def test_questions_come_in_many_shapes(
    lineage: ModelLineage, questions: ProbeSet | Dataset | list[str]
) -> None:
    """Under the system prompt the version knows, unless they bring one."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    rows = lineage.recall(first, questions, progress=False)
    assert len(rows) == len(ATTRIBUTES)
    assert {row.system for row in rows} == {SYSTEM}
    assert {row.answer for row in rows} == {row.answer for row in facts()}


def test_what_cannot_be_asked_is_said(lineage: ModelLineage, path: Path) -> None:
    """No such model, no questions, a bare text, a failed job."""
    first = lineage.fine_tune(BASE, facts())
    with pytest.raises(LineageError, match="no version"):
        lineage.recall("gpt-other", progress=False)
    with pytest.raises(NotFound):
        lineage.recall("gpt-other", QUESTIONS, progress=False)
    with pytest.raises(JobNotSucceeded):
        lineage.recall(first, progress=False)
    first.wait(progress=False)
    with pytest.raises(TypeError, match="several"):
        lineage.recall(first, "Who?", progress=False)
    with pytest.raises(DatasetError, match="nothing to ask"):
        lineage.recall(first, [], progress=False)
    with ModelLineage(path) as reader, pytest.raises(LineageError):
        reader.recall("gpt-other", QUESTIONS, progress=False)


def test_self_rehearsal_keeps_what_the_model_said(lineage: ModelLineage, foreign: FineTuneJob) -> None:
    """Recalled rows are rehearsed like old ones, and remembered from then on."""
    some = lineage.recall(
        str(foreign.fine_tuned_model), {"capital": "Hotaru: capital?"}, system=SYSTEM, progress=False
    )
    first = lineage.adopt(foreign.id, training=some)
    rows = lineage.recall(first, QUESTIONS, progress=False)
    rehearsal = SelfRehearsal(rows=rows, strategy=Replay(fraction=0.5))
    plan = lineage.plan(first, news(), strategy=rehearsal)
    assert (plan.new, plan.old_rows, plan.coverage) == (news(), len(rows), 1.0)
    assert any("recalled" in note for note in plan.notes)
    second = lineage.train(plan).wait(progress=False)
    assert lineage.version(second).strategy == "self-rehearsal, replay 50 %"
    assert lineage.compare(first, second, OLD, progress=False).retention == 1.0
    assert set(lineage.history(second).rows.facts) == {*ATTRIBUTES, "product"}


def test_new_rows_and_original_ones_replace_what_was_recalled(lineage: ModelLineage) -> None:
    """A fact that changes is not rehearsed as it was, and what a row still holds is not learned from the model."""
    rows = facts()
    said = facts("The {} must be {}, I believe.")
    rehearsal = SelfRehearsal(rows=said + rows[:4])
    changed = facts("It is number {} in {} now.")[:4]
    recalled = rehearsal.recalled(changed, rows[4:8])
    assert set(recalled.facts) == set(ATTRIBUTES[2:])
    assert len(recalled) == len(said) - 8


def test_nothing_but_what_was_recalled_is_nothing_new(lineage: ModelLineage) -> None:
    """There is something to rehearse, and nothing to teach."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    rows = lineage.recall(first, progress=False)
    rehearsal = SelfRehearsal(rows=rows, strategy=ScheduledReplay())
    assert lineage.plan(first, news(), strategy=rehearsal).counts == "visits"
    with pytest.raises(DatasetError, match="nothing new"):
        lineage.plan(first, rows, strategy=rehearsal)


def adopted(lineage: ModelLineage, foreign: FineTuneJob) -> tuple[ModelVersion, Dataset]:
    """A version whose rows are gone but for one, and what its model says to the old questions."""
    some = lineage.recall(
        str(foreign.fine_tuned_model), {"capital": "Hotaru: capital?"}, system=SYSTEM, progress=False
    )
    first = lineage.version(lineage.adopt(foreign.id, training=some))
    return first, lineage.recall(first, QUESTIONS, progress=False)


def test_a_plan_of_self_rehearsal_counts_recalled_rows_as_old(
    lineage: ModelLineage, foreign: FineTuneJob
) -> None:
    """Coverage, risks and alternatives are those of a history that still had its rows."""
    first, rows = adopted(lineage, foreign)
    plan = lineage.plan(first, news(), strategy=SelfRehearsal(rows=rows, strategy=Replay(fraction=0.02)))
    usual = lineage.plan(first, news(), strategy=Replay(fraction=0.02))
    assert (plan.old_rows, plan.rehearsed_rows) == (len(rows), 2)
    assert any("old facts are never rehearsed" in risk for risk in plan.risks)
    assert any(f"{11 - len(plan.recalled)} recalled rows are in no file" in risk for risk in plan.risks)
    assert not any("learned already" in risk for risk in plan.risks)
    assert plan.alternatives["naive"] == usual.alternatives["naive"]


def test_rehearsing_nothing_of_what_was_recalled_is_a_risk(
    lineage: ModelLineage, foreign: FineTuneJob
) -> None:
    """And the history of the version does not claim what was not trained."""
    first, rows = adopted(lineage, foreign)
    plan = lineage.plan(first, news(), strategy=SelfRehearsal(rows=rows, strategy=Naive()))
    assert "no old row is rehearsed" in plan.risks[0]
    second = lineage.train(plan).wait(progress=False)
    assert set(lineage.history(second).rows.facts) == {"capital", "product"}
