"""Comparing and promoting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from aoai_finetune import Gate, Joint, MockBackend, ModelLineage, Naive, ProbeSet, Verdict
from aoai_finetune.backends import Capabilities
from aoai_finetune.backends.mock import Fault
from aoai_finetune.errors import DatasetError, NotPromotable, ServiceError, WrongResource
from aoai_finetune.evaluation import Probe
from samples import BASE, facts, news, probes

LENIENT = Gate(margin=0.9)


def test_answers_are_asked_once_and_reused(lineage: ModelLineage, backend: MockBackend) -> None:
    """A second comparison costs no call; a further challenger only its own."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    lineage.compare(first, second, probes(), progress=False)
    asked = backend.calls["chat"]
    assert asked == 2 * len(probes())
    again = lineage.compare(first, second, probes(), progress=False)
    assert backend.calls["chat"] == asked
    assert again.retention is not None


def test_an_interrupted_comparison_goes_on_where_it_stopped(path: Path) -> None:
    """Answers that came before the failure are kept."""
    backend = MockBackend(faults=[Fault("chat", "http", status=401, at=5)])
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        second = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
        with pytest.raises(ServiceError, match="401"):
            lineage.compare(first, second, probes(), concurrency=1, progress=False)
        lineage.compare(first, second, probes(), concurrency=1, progress=False)
        assert backend.calls["chat"] == 2 * len(probes()) + 1


def test_throttled_questions_are_asked_again(path: Path) -> None:
    """A 429 is waited out on the backend's clock."""
    backend = MockBackend(faults=[Fault("chat", "http", status=429, retry_after=9, times=3)])
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        second = lineage.continue_from(first, news()).wait(progress=False)
        comparison = lineage.compare(first, second, probes(), concurrency=4, progress=False)
        assert len(comparison.pairs) == len(probes())


def test_a_model_can_be_compared_after_it_is_gone(path: Path, lineage: ModelLineage) -> None:
    """Stored answers outlive the resource; what is missing names it."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news()).wait(progress=False)
    before = lineage.compare(first, second, probes(), progress=False)
    unasked = ProbeSet([Probe(fact="capital", question="An entirely new question?", expected=("yes",))])
    with ModelLineage(path) as reader:
        after = reader.compare(first.id, second.id, probes(), progress=False)
        assert after.pairs == before.pairs
        with pytest.raises(WrongResource, match="mock:here"):
            reader.compare(first.id, second.id, probes() + unasked, progress=False)


def test_naive_continuation_is_rejected_and_cannot_be_promoted(lineage: ModelLineage) -> None:
    """Forgetting is called what it is, and stops at the gate."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    lineage.promote(first)
    naive = lineage.continue_from(first, news(), strategy=Naive()).wait(progress=False)
    comparison = lineage.compare(first, naive, probes(), progress=False)
    assert comparison.verdict is Verdict.REJECT
    with pytest.raises(NotPromotable, match="reject"):
        lineage.promote(naive)
    assert lineage.champion == lineage.version(first)


def test_only_a_comparison_with_the_holder_opens_the_gate(lineage: ModelLineage) -> None:
    """No comparison, no promotion; a comparison that says promote is enough."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    joint = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    lineage.promote(first)
    with pytest.raises(NotPromotable, match="has not been made"):
        lineage.promote(joint)
    lineage.compare(first, joint, probes(), gate=LENIENT, progress=False)
    assert lineage.promote(joint) == lineage.champion == lineage.version(joint)
    assert lineage.promotions[-1].because is None
    assert lineage.promote(joint) == lineage.champion


def test_a_vacant_alias_is_free_unless_something_rejected_the_version(lineage: ModelLineage) -> None:
    """A rejected version does not become champion because nobody is."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    naive = lineage.continue_from(first, news(), strategy=Naive()).wait(progress=False)
    lineage.compare(first, naive, probes(), progress=False)
    with pytest.raises(NotPromotable):
        lineage.promote(naive, alias="other")
    assert lineage.promote(first, alias="other").id == lineage.aliases["other"].id


def test_because_overrides_the_gate_and_is_recorded(lineage: ModelLineage) -> None:
    """A person may decide otherwise, with a reason that stays."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news()).wait(progress=False)
    lineage.promote(first)
    lineage.promote(second, because="the old facts are served by retrieval now")
    assert lineage.promotions[-1].because == "the old facts are served by retrieval now"


def test_a_catalogue_model_may_be_the_champion(lineage: ModelLineage) -> None:
    """What did fine-tuning change at all?"""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    comparison = lineage.compare(BASE, first, probes(), progress=False)
    assert comparison.champion.name == BASE
    assert comparison.acquisition is not None


def test_a_model_is_not_compared_with_itself(lineage: ModelLineage) -> None:
    """There is nothing to learn from it."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    with pytest.raises(ValueError, match="same version"):
        lineage.compare(first, first.id, probes(), progress=False)


def test_probes_that_were_trained_on_are_named(lineage: ModelLineage) -> None:
    """They prove memory, not knowledge; the reasons, the findings and the JSON say so."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news()).wait(progress=False)
    trained = ProbeSet.from_examples(facts()[:2])
    comparison = lineage.compare(first, second, probes() + trained, progress=False)
    assert [finding.code for finding in comparison.findings] == ["probe-trained-on"] * 2
    assert any("2 of 9 probes were trained on" in reason for reason in comparison.reasons)
    assert type(comparison).from_json(comparison.to_json()) == comparison


def test_probes_that_were_mostly_trained_on_promote_nothing(lineage: ModelLineage) -> None:
    """A model that repeats its own training rows has shown nothing."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    trained = ProbeSet.from_examples(facts()) + ProbeSet.from_examples(news())
    comparison = lineage.compare(first, second, trained, gate=LENIENT, progress=False)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert "hold_out" in comparison.decision.would_decide


def test_keeping_what_was_never_there_promotes_nothing(lineage: ModelLineage) -> None:
    """A champion that answers no old probe gives the challenger nothing to keep."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    wrong = ProbeSet(
        replace(probe, expected=("something else",)) for probe in probes() if probe.fact != "product"
    )
    new = ProbeSet(probe for probe in probes() if probe.fact == "product")
    comparison = lineage.compare(first, second, wrong + new, gate=LENIENT, progress=False)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert any("itself answers only 0 of 6" in reason for reason in comparison.reasons)


def test_a_failing_question_is_one_typed_error_in_the_event_loop_too(path: Path) -> None:
    """Not a group, and the answers that came are kept."""
    backend = MockBackend(faults=[Fault("chat", "http", status=401, at=5)])
    with ModelLineage(path, backend=backend) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        second = lineage.continue_from(first, news()).wait(progress=False)
        with pytest.raises(ServiceError, match="401"):
            asyncio.run(lineage.compare_async(first, second, probes(), progress=False))
        asked = backend.calls["chat"]
        asyncio.run(lineage.compare_async(first, second, probes(), progress=False))
        assert backend.calls["chat"] == 2 * len(probes()) + 1
        assert asked < backend.calls["chat"]


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_concurrency_that_asks_nobody_is_refused(lineage: ModelLineage, concurrency: int) -> None:
    """It would wait for ever."""
    with pytest.raises(ValueError, match="concurrency"):
        lineage.compare("a", "b", probes(), concurrency=concurrency)


def test_a_report_without_a_backend_still_names_its_engine(path: Path, lineage: ModelLineage) -> None:
    """Nobody takes the offline learner for GPT because the backend is not open."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news()).wait(progress=False)
    lineage.compare(first, second, probes(), progress=False)
    with ModelLineage(path) as reader:
        assert reader.compare(first.id, second.id, probes(), progress=False).challenger.engine == "softmax"


def test_a_rejected_version_stays_rejected_for_a_vacant_alias(lineage: ModelLineage) -> None:
    """A later comparison with other, weaker probes does not wash the rejection off."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    naive = lineage.continue_from(first, news(), strategy=Naive()).wait(progress=False)
    assert lineage.compare(first, naive, probes(), progress=False).verdict is Verdict.REJECT
    lineage.compare(first, naive, probes()[-1:], progress=False)
    with pytest.raises(NotPromotable, match="reject"):
        lineage.promote(naive)


@pytest.mark.parametrize("alias", ["", " ", BASE])
def test_an_alias_takes_over_no_other_name(lineage: ModelLineage, alias: str) -> None:
    """Nor is it empty; and neither is the reason for an override."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    for name in (alias, lineage.version(first).id, first.id):
        with pytest.raises(ValueError, match="alias"):
            lineage.promote(first, alias=name)
    with pytest.raises(ValueError, match="because"):
        lineage.promote(first, because=" ")


def test_answers_collected_elsewhere_are_not_asked_for(lineage: ModelLineage, backend: MockBackend) -> None:
    """Recorded once; what was stored first stays."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    right = [probe.expected[0] for probe in probes()]
    for job in (first, second):
        assert lineage.record_answers(job, probes(), right) == len(right)
        assert lineage.record_answers(job, probes(), [""] * len(right)) == 0
    comparison = lineage.compare(first, second, probes(), progress=False)
    assert comparison.retention == 1.0
    assert comparison.champion_answers == tuple(right)
    assert "chat" not in backend.calls


def test_recorded_answers_fit_their_probes(lineage: ModelLineage) -> None:
    """One text for each."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    with pytest.raises(DatasetError, match="1 answers to 7 probes"):
        lineage.record_answers(first, probes(), ["one"])
    with pytest.raises(DatasetError):
        lineage.record_answers(first, probes(), "seven x")


def test_a_relapse_to_an_answer_of_long_ago_is_stale(lineage: ModelLineage) -> None:
    """Of three answers to one fact the first is as outdated as the second, whatever the champion answers now."""
    versions = [lineage.fine_tune(BASE, facts("The {} was number {} at first."))]
    for answer in ("The {} was number {} later.", "The {} is known as number {}."):
        versions.append(
            lineage.continue_from(versions[-1].wait(progress=False), facts(answer), strategy=Joint())
        )
    comparison = lineage.compare(versions[-2], versions[-1].wait(progress=False), probes(), progress=False)
    assert comparison.probes[0].stale == (
        "The president was number 0 at first.",
        "The president was number 0 later.",
    )


class Real(MockBackend):
    """Says of itself that it is no simulation."""

    @property
    @override
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, engine=None)


CALL = ProbeSet(
    [Probe(fact="capital", question="Look it up", expected=('{"name": "f"}',), grader="tool_call")]
)


def test_tool_calls_that_a_service_cannot_make_are_warned_of(path: Path) -> None:
    """Questions carry no tools, so a right model looks wrong."""
    with ModelLineage(path, backend=Real()) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        with pytest.warns(RuntimeWarning, match="1 probes expect tool calls"):
            lineage.compare(BASE, first, CALL, progress=False)


def test_recorded_tool_calls_are_no_reason_to_warn(path: Path) -> None:
    """Nobody is asked, so whoever collected the answers may have sent the tools."""
    with ModelLineage(path, backend=Real()) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        second = lineage.continue_from(first, news()).wait(progress=False)
        for version in (first, second):
            lineage.record_answers(version, CALL, ['{"name": "f"}'])
        assert lineage.compare(first, second, CALL, progress=False).retention == 1.0
