"""A chain of fine-tunes, remembered and found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from aoai_finetune import (
    Cumulative,
    Dataset,
    FineTuneJob,
    Joint,
    MockBackend,
    ModelLineage,
    ModelVersion,
    Naive,
    Replay,
)
from aoai_finetune.backends import Fault
from aoai_finetune.errors import (
    Ambiguous,
    DatasetError,
    JobNotSucceeded,
    LineageError,
    NotFound,
    ServiceError,
    WrongResource,
)
from aoai_finetune.lineage.memory._tree import lineage_text
from samples import BASE, facts, news, probes


def test_the_story_of_the_design_runs(lineage: ModelLineage) -> None:
    """Fine-tune, plan, train, compare, promote, with the names of the design."""
    first = lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)
    lineage.promote(first)
    plan = lineage.plan(first, news(), strategy=Replay(fraction=0.5))
    second = lineage.train(plan).wait(progress=False)
    comparison = lineage.compare(first, second, probes(), progress=False)
    assert comparison.acquisition == 1.0
    assert lineage.champion == lineage.version(first)
    assert lineage.version(second).parent == lineage.version(first).id


def test_everything_is_known_again_after_a_restart(tmp_path: Path) -> None:
    """A new process, the same files: versions, jobs, history and champion are there, and nothing is bought."""
    with ModelLineage(tmp_path / "l.db", backend=MockBackend(tmp_path / "mock")) as lineage:
        first = lineage.fine_tune(BASE, facts()).wait(progress=False)
        lineage.promote(first)
    backend = MockBackend(tmp_path / "mock")
    with ModelLineage(tmp_path / "l.db", backend=backend) as lineage:
        assert lineage.champion is not None
        assert lineage.champion.model == first.fine_tuned_model
        assert lineage.history("champion").rows == facts()
        assert lineage.fine_tune(BASE, facts()).reused
        second = lineage.continue_from("champion", news()).wait(progress=False)
        assert second.succeeded
        assert [version.parent for version in lineage.versions] == [None, lineage.champion.id]


def test_a_running_job_is_attached_again_after_a_restart(tmp_path: Path) -> None:
    """The program ends while the job runs; the next one waits for it."""
    with ModelLineage(tmp_path / "l.db", backend=MockBackend(tmp_path / "mock")) as lineage:
        job = lineage.fine_tune(BASE, facts())
        assert not job.done
    with ModelLineage(tmp_path / "l.db", backend=MockBackend(tmp_path / "mock")) as lineage:
        assert not lineage.versions
        (again,) = lineage.jobs()
        assert again.id == job.id
        assert again.wait(progress=False).succeeded
        assert lineage.version(again).job_id == job.id
        assert lineage.jobs("succeeded")[0].id == job.id
        assert not lineage.jobs("failed")


def test_sync_settles_what_ended_meanwhile(lineage: ModelLineage, backend: MockBackend) -> None:
    """A job nobody waited for becomes a version when the lineage asks."""
    job = lineage.fine_tune(BASE, facts())
    assert lineage.sync().running == (job.id,)
    backend.clock.sleep(24 * 3600)
    assert lineage.sync().settled == (job.id,)
    assert lineage.sync().settled == ()
    assert len(lineage.versions) == 1


def test_a_version_is_found_by_every_name_it_has(lineage: ModelLineage) -> None:
    """Version, job, model, alias and unique prefixes all mean it."""
    job = lineage.fine_tune(BASE, facts(), suffix="facts").wait(progress=False)
    version = lineage.promote(job, alias="support/champion")
    for name in (
        version,
        job,
        version.id,
        version.id[:4],
        version.model,
        job.id,
        job.id[:12],
        "support/champion",
    ):
        assert lineage.version(name) == version
        assert lineage.job(name).id == job.id


def test_an_ambiguous_or_unknown_name_is_a_clear_error(lineage: ModelLineage) -> None:
    """Prefixes that fit two versions name both; unknown names get near ones."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    lineage.continue_from(first, news()).wait(progress=False)
    with pytest.raises(Ambiguous, match="fits 2 versions"):
        lineage.version("ftjob")
    lineage.promote(first, alias="champion")
    with pytest.raises(NotFound, match="champion"):
        lineage.version("champoin")


def test_a_failed_or_unfinished_parent_is_refused_with_the_reason(lineage: ModelLineage) -> None:
    """There is no model to continue from, and the error says why."""
    job = lineage.fine_tune(BASE, facts())
    with pytest.raises(JobNotSucceeded, match="not finished"):
        lineage.plan(job, news())
    job.cancel()
    with pytest.raises(JobNotSucceeded, match="cancelled"):
        lineage.continue_from(job.wait(progress=False), news())
    with pytest.raises(JobNotSucceeded, match="cancelled"):
        lineage.continue_from(job.id, news())


def test_history_supersedes_and_counts_visits(lineage: ModelLineage) -> None:
    """What changed replaces what was true; visits add up until a retraining from the base."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    moved = Dataset.from_pairs(
        [(f"Where is the head office of Hotaru, way {n}?", "It moved to Nagaoka.") for n in range(10)],
        fact="head office",
    )
    second = lineage.continue_from(first, moved, strategy=Cumulative(passes=2)).wait(progress=False)
    history = lineage.history(second)
    assert history.rows.answers()["head office"] == {"It moved to Nagaoka."}
    assert history.outdated["head office"] == {"The head office is known as number 1."}
    assert history.visits["capital"] == 4 * 10 + 4 * 2
    joint = lineage.continue_from(second, news(), strategy=Joint(passes=3)).wait(progress=False)
    assert lineage.history(joint).visits["capital"] == 4 * 3


def test_ancestors_and_descendants(lineage: ModelLineage) -> None:
    """The chain upwards, nearest first, and everything below."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    second = lineage.continue_from(first, news()).wait(progress=False)
    third = lineage.continue_from(second, news(12), strategy=Naive()).wait(progress=False)
    chain = [lineage.version(job) for job in (first, second, third)]
    assert list(lineage.ancestors(third)) == [chain[1], chain[0]]
    assert list(lineage.descendants(first)) == chain[1:]
    assert str(lineage).count("└─") == 2


def test_joint_starts_at_the_base_and_is_still_a_child(lineage: ModelLineage, backend: MockBackend) -> None:
    """Weights come from the catalogue model; the lineage knows which version it succeeds."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    joint = lineage.continue_from(first, news(), strategy=Joint()).wait(progress=False)
    assert joint.model == BASE
    assert lineage.version(joint).parent == lineage.version(first).id
    assert lineage.version(joint).from_base


def test_the_planned_tokens_are_the_billed_tokens(lineage: ModelLineage) -> None:
    """Plan and mock count with the same counter, for every strategy."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    for strategy in (Naive(), Replay(), Replay(unroll=False), Cumulative(), Joint()):
        plan = lineage.plan(first, news(), strategy=strategy)
        assert plan.tokens is not None
        assert lineage.train(plan).wait(progress=False).trained_tokens == plan.tokens.tokens


def test_three_new_rows_with_replay_are_a_legal_plan(lineage: ModelLineage) -> None:
    """The minimum of ten counts the planned file's distinct rows."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    assert lineage.continue_from(first, news(3), strategy=Replay(fraction=0.5)).wait(progress=False).succeeded
    with pytest.raises(DatasetError, match="3 distinct rows"):
        lineage.plan(first, news(3), strategy=Naive())


def test_a_version_of_this_lineage_is_continued_not_fine_tuned(lineage: ModelLineage) -> None:
    """Fine-tuning a fine-tuned model by its name would forget without a word."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    assert first.fine_tuned_model is not None
    with pytest.raises(LineageError, match="continue_from"):
        lineage.fine_tune(first.fine_tuned_model, news())


def test_another_resource_is_refused(path: Path, lineage: ModelLineage) -> None:
    """Models live where they were trained."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    elsewhere = ModelLineage(path, backend=MockBackend(name="elsewhere"))
    with elsewhere, pytest.raises(WrongResource, match="mock:here"):
        elsewhere.continue_from(first.id, news())


def test_without_a_backend_it_only_reads(path: Path, lineage: ModelLineage) -> None:
    """Everything known can be read; nothing can be bought."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    with ModelLineage(path) as reader:
        assert reader.version(first.id).model == first.fine_tuned_model
        assert reader.jobs()[0].status == "succeeded"
        assert "replay" in str(reader.plan(first.id, news()))
        with pytest.raises(LineageError, match="backend"):
            reader.jobs()[0].refresh()
        with pytest.raises(LineageError, match="backend"):
            reader.fine_tune(BASE, facts())
        with pytest.raises(WrongResource):
            reader.continue_from(first.id, news())


def test_an_unknown_model_gets_near_names(lineage: ModelLineage, backend: MockBackend) -> None:
    """The service's refusal says what was probably meant, and leaves nothing behind."""
    with pytest.raises(ServiceError, match=r"mean gpt-4\.1-mini-2025-04-14"):
        lineage.fine_tune("gpt-4.1-mini-2025-04-41", facts())
    assert not list(backend.list_files())
    assert not lineage.jobs()


def test_facts_can_be_named_better_without_buying(lineage: ModelLineage) -> None:
    """Asking again with other facts keeps those of the purchase; relabel replaces them."""
    plain = Dataset.from_examples([row.row for row in facts()])
    job = lineage.fine_tune(BASE, plain).wait(progress=False)
    assert lineage.fine_tune(BASE, facts()).reused
    assert len(lineage.history(job).rows.facts) == len(facts())
    lineage.relabel(job, facts())
    assert lineage.history(job).rows.facts == facts().facts
    assert sum(lineage.history(job).visits.values()) == 10 * len(facts())
    with pytest.raises(LineageError, match="not the rows"):
        lineage.relabel(job, news())


def test_a_catalogue_model_is_no_version(lineage: ModelLineage) -> None:
    """Its name is the beginning of every fine-tuned model's, and means none of them."""
    lineage.fine_tune(BASE, facts()).wait(progress=False)
    with pytest.raises(NotFound, match="catalogue model"):
        lineage.continue_from(BASE, news())


def test_a_version_or_plan_of_another_lineage_is_refused(tmp_path: Path, lineage: ModelLineage) -> None:
    """Before anything is paid."""
    backend = MockBackend(name="here")
    with ModelLineage(tmp_path / "other.db", backend=backend) as other:
        theirs = other.fine_tune(BASE, facts(), seed=3).wait(progress=False)
        with pytest.raises(NotFound, match="another lineage"):
            lineage.version(other.version(theirs))
        with pytest.raises(NotFound, match="another lineage"):
            lineage.train(other.plan(theirs, news()))


def test_a_job_watched_without_the_lineage_is_settled_when_it_is_named(
    lineage: ModelLineage, backend: MockBackend
) -> None:
    """Attached by its id elsewhere, waited for, and handed back."""
    job = lineage.fine_tune(BASE, facts())
    elsewhere = FineTuneJob.attach(backend, job.id).wait(progress=False)
    assert lineage.version(elsewhere).model == elsewhere.fine_tuned_model


def test_jobs_that_were_lost_can_still_be_found(tmp_path: Path) -> None:
    """A failed job stays in the list after the request was repeated."""
    backend = MockBackend(faults=[Fault("create_job", "job_fails")])
    with ModelLineage(tmp_path / "l.db", backend=backend) as lineage:
        failed = lineage.fine_tune(BASE, facts()).wait(progress=False)
        again = lineage.fine_tune(BASE, facts()).wait(progress=False)
        assert [job.status for job in lineage.jobs()] == ["failed", "succeeded"]
        assert lineage.job(failed.id).status == "failed"
        assert lineage.job(again.id).succeeded
        with pytest.raises(JobNotSucceeded, match="failed"):
            lineage.version(failed.id)


def test_a_plan_of_a_first_fine_tune_can_be_read_before_it_is_bought(
    lineage: ModelLineage, backend: MockBackend
) -> None:
    """plan_first sends nothing; train buys it."""
    plan = lineage.plan_first(BASE, facts(), suffix="facts")
    assert "first fine-tune" in str(plan)
    assert not list(backend.list_jobs())
    assert lineage.train(plan).wait(progress=False).succeeded


def test_a_long_chain_can_be_printed() -> None:
    """Twelve hundred versions in a row are no recursion."""
    chain = [
        ModelVersion(
            id=f"v{n}",
            model=f"m{n}",
            base_model=BASE,
            resource="mock:x",
            parent=f"v{n - 1}" if n else None,
            step=f"s{n}",
            strategy="naive",
            from_base=False,
            job_id=f"j{n}",
        )
        for n in range(1200)
    ]
    assert lineage_text(chain, {}).count("naive") == 1200


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda lineage, job: lineage.plan(job, [{}]), "Dataset"),
        (lambda lineage, job: lineage.plan(job, news(), strategy="replay"), r"Replay\(\)"),
        (lambda lineage, job: lineage.plan(job, news(), strategy=Replay), r"Replay\(\)"),
        (lambda lineage, job: lineage.plan(news(), job), "version"),
        (lambda lineage, job: lineage.train(news()), "plan"),
        (lambda lineage, job: lineage.compare(job, job, "probes.jsonl"), "ProbeSet"),
        (lambda lineage, _: ModelLineage(lineage.path, backend=cast("MockBackend", MockBackend)), "object"),
    ],
)
def test_typical_slips_in_a_notebook_are_told(
    lineage: ModelLineage, call: Callable[..., object], said: str
) -> None:
    """Before something deep inside fails oddly."""
    job = lineage.fine_tune(BASE, facts()).wait(progress=False)
    with pytest.raises(TypeError, match=said):
        call(lineage, job)
