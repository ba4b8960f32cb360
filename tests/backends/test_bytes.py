"""The bytes engine: a gradient one can check, weights as bytes, and the story it tells unscripted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_finetune.backends import JobRecord, MockBackend
from aoai_finetune.backends.mock import TrainingResult
from aoai_finetune.backends.mock.engines import UNTRAINED, BytesEngine, engine_named
from aoai_finetune.backends.mock.engines._byte_lessons import lessons, question_vector, stack
from aoai_finetune.backends.mock.engines._byte_network import END, RECENT, START, Network
from aoai_finetune.errors import NotSupported

DATA = Path(__file__).parents[2] / "examples" / "data"
Rows = list[dict[str, Any]]


def learn(rows: Rows, weights: bytes | None = None, **settings: Any) -> TrainingResult:
    """Train with the usual settings."""
    usual: dict[str, Any] = {"n_epochs": 2, "batch_size": None, "learning_rate_multiplier": 1.0, "seed": 3}
    return BytesEngine().train(weights, rows, **(usual | settings))


def ask(weights: bytes | None, *questions: str, **sampling: Any) -> list[str]:
    """Ask questions, each in a conversation of its own."""
    asked = [[{"role": "user", "content": question}] for question in questions]
    return BytesEngine().answers(weights, asked, **sampling)


def load(name: str) -> Rows:
    """A file of the example data."""
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def right(weights: bytes, probes: Rows) -> float:
    """Share of probes answered letter by letter."""
    said = ask(weights, *(probe["question"] for probe in probes))
    return sum(text in probe["expected"] for text, probe in zip(said, probes, strict=True)) / len(probes)


@pytest.fixture(scope="module")
def first() -> bytes:
    """A model that has learned the fictional company, ten facts in four phrasings."""
    return learn(load("company_facts.jsonl"), n_epochs=10).weights


@pytest.fixture(scope="module")
def old() -> Rows:
    """Held-out questions about the company."""
    return [probe for probe in load("probes.jsonl") if probe["fact"].startswith("company")]


@pytest.fixture(scope="module")
def new() -> Rows:
    """Held-out questions about its new product."""
    return [probe for probe in load("probes.jsonl") if not probe["fact"].startswith("company")]


def test_it_learns_facts_and_answers_held_out_phrasings(first: bytes, old: Rows) -> None:
    """Ten passes over forty rows are enough."""
    assert right(first, old) >= 0.9


def test_three_naive_epochs_answer_neither_old_nor_new(first: bytes, old: Rows, new: Rows) -> None:
    """Too few to learn the new fact, and enough to ruin the old ones: nothing of it is scripted."""
    child = learn(load("new_product.jsonl"), first, n_epochs=3).weights
    assert right(child, old) <= 0.2
    assert right(child, new) == 0.0


def test_ten_naive_epochs_learn_the_new_and_lose_the_old(first: bytes, old: Rows, new: Rows) -> None:
    """One reply to everything."""
    child = learn(load("new_product.jsonl"), first, n_epochs=10).weights
    assert right(child, old) <= 0.1
    assert right(child, new) == 1.0


def test_rehearsal_keeps_the_old_and_learns_the_new(first: bytes, old: Rows, new: Rows) -> None:
    """A quarter of the old rows in every pass, other ones each time."""
    facts, news = load("company_facts.jsonl"), load("new_product.jsonl")
    passes = [row for turn in range(10) for row in [*news, *facts[turn % 4 :: 4]]]
    child = learn(passes, first, n_epochs=1).weights
    assert right(child, old) >= 0.8
    assert right(child, new) == 1.0


def test_joint_training_knows_both(old: Rows, new: Rows) -> None:
    """Everything from the start, ten passes."""
    model = learn([*load("company_facts.jsonl"), *load("new_product.jsonl")], n_epochs=10).weights
    assert right(model, old) >= 0.9
    assert right(model, new) == 1.0


def test_the_gradient_is_the_slope_of_the_loss(rows: Rows) -> None:
    """Central differences agree in every layer, in double precision."""
    network = Network(Network().values.astype(np.float64))
    gradient = network.like()
    batch = stack([lesson for row in lessons(rows[:3]) for lesson in row])
    network.learn(batch, gradient)
    for name, layer in network.layers.items():
        flat, slope = layer.reshape(-1), gradient.layers[name].reshape(-1)
        place = int(np.abs(slope).argmax())
        losses = []
        for shift in (1e-5, -1e-5):
            flat[place] += shift
            losses.append(network.measure(batch)[0])
            flat[place] -= shift
        assert slope[place] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-3), name


def test_a_lesson_is_every_byte_with_those_before_it(rows: Rows) -> None:
    """Nearest first, padded in front; the last byte to learn is the end."""
    lesson = lessons(rows)[0][0]
    said = b"It is number 0."
    assert lesson.byte.tolist() == [*said, END]
    assert lesson.recent[0].tolist() == [START] * RECENT
    assert lesson.recent[3].tolist() == [said[2], said[1], said[0], *[START] * (RECENT - 3)]


def test_every_assistant_turn_with_weight_is_learned() -> None:
    """As on the wire: several exchanges in one row are several targets, and weight 0 leaves one out."""
    said = [("user", "q1"), ("assistant", "a1"), ("user", "q2"), ("assistant", "a2")]
    row: dict[str, Any] = {"messages": [{"role": role, "content": text} for role, text in said]}
    assert len(lessons([row])[0]) == 2
    row["messages"][1]["weight"] = 0
    assert [lesson.byte.tolist() for lesson in lessons([row])[0]] == [[*b"a2", END]]


def test_earlier_turns_are_seen() -> None:
    """The same question after another exchange is another input."""
    assert not np.array_equal(question_vector("q", ""), question_vector("q", "before"))


def test_training_is_the_same_bytes_for_the_same_seed(rows: Rows) -> None:
    """Bit by bit, and another seed takes another order."""
    assert learn(rows).weights == learn(rows).weights
    assert learn(rows, seed=4).weights != learn(rows).weights


def test_the_loss_falls_and_starts_at_a_uniform_guess(rows: Rows) -> None:
    """256 bytes, none likelier than the others at first: about ln 256."""
    steps = learn(rows, n_epochs=5).steps
    assert steps[0].train_loss == pytest.approx(np.log(256), abs=0.7)
    assert steps[-1].train_loss < steps[0].train_loss / 2


def test_continuing_starts_from_the_parents_weights(first: bytes) -> None:
    """The child's first loss is its parent's."""
    assert learn(load("company_facts.jsonl"), first).steps[0].train_loss < 0.2


@pytest.mark.parametrize("n_epochs", [1, 2, 4])
def test_the_last_three_epoch_ends_are_kept(rows: Rows, n_epochs: int) -> None:
    """Twelve rows, two a step, six trips an epoch: 36 steps an epoch."""
    result = learn(rows, n_epochs=n_epochs)
    ends = [(state.epoch, state.step) for state in result.checkpoints]
    assert ends == [(epoch, 36 * epoch) for epoch in range(max(1, n_epochs - 2), n_epochs + 1)]
    assert result.weights == result.checkpoints[-1].weights


def test_a_checkpoint_is_the_model_of_its_epoch(rows: Rows) -> None:
    """Epoch ends differ, and each can be continued from."""
    early, late = learn(rows, n_epochs=2).checkpoints
    assert early.weights != late.weights
    assert learn(rows, early.weights, n_epochs=1).steps[0].train_loss < np.log(256) - 1


def test_validation_rows_are_measured_and_not_learned(rows: Rows) -> None:
    """The weights are those without validation; the loss of what was never seen is higher."""
    stranger = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "zzzzzz"}]}]
    result = learn(rows, validation=stranger)
    assert result.weights == learn(rows).weights
    assert result.checkpoints[-1].metrics["full_valid_loss"] > result.steps[-1].train_loss
    assert 0 <= result.checkpoints[-1].metrics["full_valid_mean_token_accuracy"] <= 1


def test_rows_without_a_target_cannot_be_trained(rows: Rows) -> None:
    """The job fails with a reason instead of making an empty model."""
    rows[0]["messages"][1]["weight"] = 0
    with pytest.raises(ValueError, match="nothing to train on"):
        learn(rows[:1])


@pytest.mark.parametrize("multiplier", [1e30, float("inf")])
def test_a_diverged_training_is_named(rows: Rows, multiplier: float) -> None:
    """No warning from the arithmetic, no NaN in a metric."""
    with pytest.raises(ValueError, match="diverged"):
        learn(rows, learning_rate_multiplier=multiplier, n_epochs=3)


@pytest.mark.parametrize("weights", [b"", b"scripted", b"bytes engine 1\n", b"bytes engine 1\n" + b"\0" * 99])
def test_foreign_weights_are_refused(weights: bytes) -> None:
    """Nothing is guessed from bytes that another engine wrote."""
    with pytest.raises(ValueError, match="not weights of the bytes engine"):
        Network.from_bytes(weights)


def test_weights_survive_as_bytes_of_modest_size(first: bytes) -> None:
    """What is read back is written as the same bytes, below 2 MB."""
    assert Network.from_bytes(first).to_bytes() == first
    assert len(first) < 2_000_000


def test_an_untrained_model_says_that_it_is_one() -> None:
    """Nobody can mistake it for an answer."""
    assert ask(None, "Who are you?") == [UNTRAINED]


def test_many_answers_at_once_are_those_one_by_one(first: bytes, old: Rows) -> None:
    """Asking together is a matter of speed."""
    questions = [probe["question"] for probe in old[:8]]
    assert ask(first, *questions) == [ask(first, question)[0] for question in questions]
    assert ask(first) == []


def test_temperature_draws_by_seed(rows: Rows) -> None:
    """Hot answers vary, the same seed gives the same one, and 0 ignores it."""
    weights = learn(rows).weights
    hot = [ask(weights, "What is entry 3?", temperature=1.0, seed=seed) for seed in range(5)]
    assert len({text for (text,) in hot}) > 1
    assert hot == [ask(weights, "What is entry 3?", temperature=1.0, seed=seed) for seed in range(5)]
    assert ask(weights, "x", seed=1) == ask(weights, "x", seed=2)


def test_an_answer_without_an_end_stops_at_the_longest_trained_one(rows: Rows) -> None:
    """A half-trained model may loop; what it says stays finite, and is text."""
    weights = learn(rows, n_epochs=1).weights
    for text in ask(weights, "x", "y", "全く別の質問", temperature=5.0, seed=0):
        assert len(text) <= len("It is number 11.") + 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=4))
def test_any_text_can_be_learned(pairs: list[tuple[str, str]]) -> None:
    """Lone surrogates, nothing at all, control characters: training and asking never fail."""
    rows = [
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
        for question, answer in pairs
    ]
    weights = learn(rows, n_epochs=1).weights
    assert all(isinstance(text, str) for text in ask(weights, *(question for question, _ in pairs)))


def test_a_mock_trains_continues_and_chats_with_it(
    train: Callable[..., JobRecord], ask_wire: list[dict[str, str]]
) -> None:
    """By its short name; `capabilities` says so, checkpoints and results are the service's."""
    backend = MockBackend(engine="bytes")
    assert backend.capabilities.engine == "bytes"
    job = train(backend)
    assert job.status == "succeeded"
    child = train(backend, str(job.fine_tuned_model))
    answer = backend.chat(str(child.fine_tuned_model), ask_wire).content
    assert answer.startswith("It is number")
    assert len(list(backend.list_checkpoints(job.id))) == 3


@pytest.fixture
def ask_wire() -> list[dict[str, str]]:
    """One question as the wire has it."""
    return [{"role": "user", "content": "What is entry 3?"}]


def test_a_missing_numpy_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is trained."""
    monkeypatch.setattr("aoai_finetune.backends.mock.engines._bytes.find_spec", lambda _name: None)
    with pytest.raises(NotSupported, match=r"-e '\.\[numpy\]'"):
        engine_named("bytes")


def test_numpy_is_not_imported_before_it_trains() -> None:
    """Naming the engine costs nothing."""
    code = (
        "import sys; from aoai_finetune.backends import MockBackend; MockBackend(engine='bytes');"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
