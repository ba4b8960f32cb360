"""The scripted engine: canned answers for tests of user code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aoai_finetune.backends import JobRecord, MockBackend, ScriptedEngine

BASE = "gpt-4.1-mini-2025-04-14"
ASK = [{"role": "system", "content": "s"}, {"role": "user", "content": "Who?"}]


def test_a_mapping_answers_the_last_question() -> None:
    """Question to answer."""
    backend = MockBackend(engine=ScriptedEngine({"Who?": "Nobody."}))
    assert backend.chat(BASE, ASK).content == "Nobody."


def test_a_function_answers_the_last_question() -> None:
    """Any callable will do."""
    backend = MockBackend(engine=ScriptedEngine(lambda question: question.upper()))
    assert backend.chat(BASE, ASK).content == "WHO?"


def test_a_question_that_is_not_scripted_gets_the_default() -> None:
    """A missing line is no crash."""
    backend = MockBackend(engine=ScriptedEngine({}, default="?"))
    assert backend.chat(BASE, ASK).content == "?"


@pytest.mark.parametrize("by", ["name", "suffix"])
def test_a_model_can_have_its_own_script(train: Callable[..., JobRecord], by: str) -> None:
    """By its full name, or by the suffix its job was given."""
    plain = MockBackend(engine=ScriptedEngine({}))
    name = str(train(plain, suffix="v2").fine_tuned_model)
    engine = ScriptedEngine({"Who?": "old"}, models={name if by == "name" else "v2": {"Who?": "new"}})
    backend = MockBackend(engine=engine)
    assert train(backend, suffix="v2").fine_tuned_model == name
    assert [backend.chat(model, ASK).content for model in (BASE, name)] == ["old", "new"]


def test_a_scripted_job_has_steps_and_one_checkpoint(train: Callable[..., JobRecord]) -> None:
    """Jobs look like jobs, though nothing is learned."""
    backend = MockBackend(engine=ScriptedEngine({}))
    job = train(backend)
    assert [c.fine_tuned_model_checkpoint for c in backend.list_checkpoints(job.id)] == [job.fine_tuned_model]
    assert backend.capabilities.engine == "scripted"
