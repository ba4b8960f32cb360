"""Chains measured: what every version knows of what each stage taught."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aoai_finetune import Dataset, FineTuneJob, Joint, MockBackend, ModelLineage, Naive, ProbeSet, Replay
from aoai_finetune.errors import NotFound, WrongResource
from aoai_finetune.evaluation import Probe
from samples import ATTRIBUTES, BASE, facts, news, probes

OLD, NEW = probes()[: len(ATTRIBUTES)], probes()[len(ATTRIBUTES) :]
BY_STAGE = {"facts": OLD, "product": NEW}


@pytest.fixture
def first(lineage: ModelLineage) -> FineTuneJob:
    """The first fine-tune."""
    return lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)


@pytest.fixture
def naive(lineage: ModelLineage, first: FineTuneJob) -> FineTuneJob:
    """Continued in the way that forgets."""
    return lineage.continue_from(first, news(), strategy=Naive(), suffix="product").wait(progress=False)


def updated(name: str, answer: str) -> Dataset:
    """Ten rows that change one fact."""
    pairs = [(f"What is the {name} of Hotaru today, variant {n}?", answer) for n in range(10)]
    return Dataset.from_pairs(pairs, system="You answer for Hotaru.", fact=name)


def test_forgetting_shows_in_the_matrix(
    lineage: ModelLineage, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """All learned, then lost; the bill is both trainings'."""
    matrix = lineage.matrix(first, naive, probes=BY_STAGE, progress=False)
    assert matrix.stages == ("facts", "product")
    assert matrix.rows[0] == (1.0, None)
    assert matrix.rows[1][1] == 1.0
    assert matrix.backward_transfer is not None
    assert matrix.backward_transfer < -0.5
    assert matrix.forward_transfer is None
    assert matrix.tokens == (first.trained_tokens or 0) + (naive.trained_tokens or 0)
    assert matrix.engine == "softmax"


def test_only_what_is_not_stored_is_asked(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """A comparison and a matrix share answers; a second matrix asks nothing."""
    lineage.compare(first, naive, probes(), progress=False)
    asked = backend.calls["chat"]
    lineage.matrix(first, naive, probes=BY_STAGE, progress=False)
    assert backend.calls["chat"] == asked


def test_a_matrix_needs_no_backend_once_answers_are_stored(
    lineage: ModelLineage, path: Path, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """A chain can be measured after its models are gone; what is missing is named."""
    before = lineage.matrix(first, naive, probes=BY_STAGE, progress=False)
    with ModelLineage(path) as reader:
        assert reader.matrix(first.id, naive.id, probes=BY_STAGE, progress=False) == before
        with pytest.raises(WrongResource, match="mock:here"):
            reader.matrix(first.id, naive.id, probes=BY_STAGE, transfer=True, progress=False)


def test_without_versions_the_champions_chain_is_measured(
    lineage: ModelLineage, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """Oldest first, with stages called by their suffixes, from one set of probes."""
    with pytest.raises(NotFound, match="champion"):
        lineage.matrix(probes=probes(), progress=False)
    lineage.promote(naive, because="a test")
    chain = lineage.matrix(probes=probes(), progress=False)
    assert chain == lineage.matrix(first, naive, probes=BY_STAGE, progress=False)


def test_joint_versions_are_the_reference(
    lineage: ModelLineage, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """Asked the same, so the ratios compare like with like; a matrix serves as well."""
    joint = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    matrix = lineage.matrix(first, naive, probes=BY_STAGE, joint=[first, joint], progress=False)
    assert matrix.joint is not None
    assert matrix.joint.accuracy == 1.0
    assert matrix.accuracy_ratio == matrix.accuracy
    assert matrix.token_ratio is not None
    assert matrix.token_ratio < 1
    again = lineage.matrix(first, naive, probes=BY_STAGE, joint=matrix.joint, progress=False)
    assert again == matrix


def test_transfer_asks_the_base_model_and_ahead(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """Forward transfer is measured when asked for, and only then paid for."""
    lineage.matrix(first, naive, probes=BY_STAGE, progress=False)
    asked = backend.calls["chat"]
    matrix = lineage.matrix(first, naive, probes=BY_STAGE, transfer=True, progress=False)
    assert backend.calls["chat"] == asked + len(probes()) + len(NEW)
    assert matrix.untrained == (0.0, 0.0)
    assert matrix.forward_transfer == 0.0


def test_a_fact_that_changed_is_judged_by_the_newer_probes(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Knowing the new answer to an old question is no forgetting."""
    later = lineage.continue_from(first, updated("president", "It is Sora."), strategy=Joint())
    later.wait(progress=False)
    newer = ProbeSet(
        [Probe(fact="president", question="And the president of Hotaru today is?", expected=("It is Sora.",))]
    )
    named = {"facts": OLD, "change": newer}
    matrix = lineage.matrix(first, later, probes=named, progress=False)
    assert matrix.rows == ((1.0, None), (1.0, 1.0))
    president, others = OLD[:1], OLD[1:]
    unasked = {"facts": OLD, "change": others[:1]}
    assert lineage.matrix(first, later, probes=unasked, progress=False).rows[1][0] == 1.0
    with pytest.raises(ValueError, match="out of date after stage 'change'"):
        lineage.matrix(first, later, probes={"facts": president, "change": others}, progress=False)


def test_one_set_of_probes_asks_for_what_is_right_now(lineage: ModelLineage, first: FineTuneJob) -> None:
    """The probes of a changed fact belong to the stage that changed it."""
    later = lineage.continue_from(
        first, updated("president", "It is Sora."), strategy=Replay(), suffix="change"
    )
    later.wait(progress=False)
    now = ProbeSet(
        [
            Probe(
                fact="president", question="And the president of Hotaru today is?", expected=("It is Sora.",)
            ),
            *OLD[1:],
        ]
    )
    matrix = lineage.matrix(first, later, probes=now, progress=False)
    assert matrix.stages == ("facts", "change")
    assert matrix.rows[1][1] == 1.0
    with pytest.raises(ValueError, match="'change'"):
        lineage.matrix(first, later, probes=OLD[1:], progress=False)


def test_every_stage_has_one_version(lineage: ModelLineage, first: FineTuneJob, naive: FineTuneJob) -> None:
    """Too many stages, or a version twice, are said before anything is asked."""
    with pytest.raises(ValueError, match="1 versions and 2 stages"):
        lineage.matrix(first, probes=BY_STAGE, progress=False)
    with pytest.raises(ValueError, match="twice"):
        lineage.matrix(naive, naive, probes=BY_STAGE, progress=False)
    with pytest.raises(TypeError, match="several versions"):
        lineage.matrix(first, naive, probes=BY_STAGE, joint=naive.id, progress=False)


def test_probes_that_were_trained_on_are_told(lineage: ModelLineage, first: FineTuneJob) -> None:
    """Their answers show memory."""
    learned = ProbeSet.from_examples(facts()[:1])
    with pytest.warns(RuntimeWarning, match="1 of 1 probes"):
        lineage.matrix(first, probes={"facts": learned}, progress=False)


def test_a_matrix_is_measured_in_an_event_loop(
    lineage: ModelLineage, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """The twin asks the same and finds the same."""
    awaited = asyncio.run(lineage.matrix_async(first, naive, probes=BY_STAGE, progress=False))
    assert awaited == lineage.matrix(first, naive, probes=BY_STAGE, progress=False)


def test_repeats_ask_the_champion_again(
    lineage: ModelLineage, backend: MockBackend, first: FineTuneJob, naive: FineTuneJob
) -> None:
    """Each repeat is asked once and kept; a model that always says the same shows no noise."""
    comparison = lineage.compare(first, naive, probes(), repeats=2, progress=False)
    assert backend.calls["chat"] == 4 * len(probes())
    assert len(comparison.champion_repeats) == 2
    assert comparison.noise is not None
    again = lineage.compare_async(first, naive, probes(), repeats=2, progress=False)
    assert asyncio.run(again) == comparison
    assert backend.calls["chat"] == 4 * len(probes())
    with pytest.raises(ValueError, match="repeats"):
        lineage.compare(first, naive, probes(), repeats=-1)
