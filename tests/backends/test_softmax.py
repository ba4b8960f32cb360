"""The softmax engine: gradient descent one can check by hand, and weights as bytes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.backends.mock import SoftmaxEngine, TrainingResult
from aoai_finetune.backends.mock.engines._classifier import Classifier
from aoai_finetune.backends.mock.engines._features import conversation, features, targets

Rows = list[dict[str, Any]]


def learn(rows: Rows, weights: bytes | None = None, **settings: Any) -> TrainingResult:
    """Train with the usual settings."""
    usual: dict[str, Any] = {"n_epochs": 5, "batch_size": None, "learning_rate_multiplier": 1.0, "seed": 3}
    return SoftmaxEngine().train(weights, rows, **(usual | settings))


def ask(weights: bytes | None, question: str, temperature: float = 0, seed: int | None = None) -> str:
    """Ask one question."""
    messages = [{"role": "user", "content": question}]
    return SoftmaxEngine().answer(weights, messages, model="m", temperature=temperature, seed=seed)


def turns(*said: str) -> Rows:
    """One row of alternating user and assistant turns."""
    roles = ["user", "assistant"] * len(said)
    return [{"messages": [{"role": role, "content": text} for role, text in zip(roles, said, strict=False)]}]


def test_the_loss_falls(rows: Rows) -> None:
    """Five epochs make the mean loss smaller than one did."""
    steps = learn(rows).steps
    assert sum(step.train_loss for step in steps[-12:]) < sum(step.train_loss for step in steps[:12])


def test_one_step_is_the_gradient_of_the_cross_entropy(rows: Rows) -> None:
    """A finite difference of the loss agrees with the weights' change, for each weight of one n-gram."""
    learner = Classifier()
    lessons = [lesson for one in learner.prepare(rows) for lesson in one]
    learner.learn(lessons, 0.5)
    batch, key = lessons[:3], features("What is entry 0?", "").keys[3]
    cell = learner.weights[key]
    before, tiny = dict(cell), 1e-6
    slopes: dict[int, float] = {}
    for answer, weight in before.items():
        losses: list[float] = []
        for shift in (tiny, -tiny):
            cell[answer] = weight + shift
            losses.append(learner.learn(batch, 0.0)[0])
        cell[answer] = weight
        slopes[answer] = (losses[0] - losses[1]) / (2 * tiny)
    learner.learn(batch, 1.0)
    for answer, slope in slopes.items():
        assert before[answer] - cell.get(answer, 0.0) == pytest.approx(slope, abs=0.003)


def test_the_first_loss_is_that_of_a_uniform_guess(rows: Rows) -> None:
    """An untrained model gives each of twelve answers the same chance: ln 12."""
    assert learn(rows).steps[0].train_loss == pytest.approx(2.4849066, abs=1e-6)


def test_training_is_the_same_bytes_for_the_same_seed(rows: Rows) -> None:
    """Bit by bit."""
    assert learn(rows).weights == learn(rows).weights


def test_training_is_the_same_bytes_in_another_process(rows: Rows) -> None:
    """No hash seed, no order of a set gets into the weights."""
    code = (
        "import json,sys,hashlib;from aoai_finetune.backends.mock import SoftmaxEngine;"
        "r=SoftmaxEngine().train(None,json.loads(sys.argv[1]),n_epochs=5,batch_size=None,"
        "learning_rate_multiplier=1.0,seed=3);print(hashlib.sha256(r.weights).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, json.dumps(rows)], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == hashlib.sha256(learn(rows).weights).hexdigest()


def test_another_seed_takes_another_order(rows: Rows) -> None:
    """The order of examples is the seed's."""
    assert learn(rows, seed=4).weights != learn(rows).weights


def test_continuing_starts_from_the_parents_weights(rows: Rows) -> None:
    """The child's first loss is that of its parent on the same row, not of a uniform guess."""
    parent = learn(rows, n_epochs=20).weights
    assert learn(rows[:1], parent).steps[0].train_loss < 1.0
    assert learn(rows[:1], parent).steps[0] == learn(rows[:1], parent, seed=4).steps[0]


def test_a_child_still_knows_answers_that_were_not_in_its_rows(rows: Rows) -> None:
    """New answers get new classes; old ones stay, weaker or not."""
    child = learn([*rows[:1]], learn(rows, n_epochs=20).weights, n_epochs=1).weights
    assert Classifier.from_bytes(child).answers.keys() == {f"It is number {n}." for n in range(12)}


@pytest.mark.parametrize("n_epochs", [1, 2, 3, 7])
def test_the_last_three_epoch_ends_are_kept(rows: Rows, n_epochs: int) -> None:
    """Oldest first, the last one final."""
    result = learn(rows, n_epochs=n_epochs)
    ends = [(state.epoch, state.step) for state in result.checkpoints]
    assert ends == [(epoch, 12 * epoch) for epoch in range(max(1, n_epochs - 2), n_epochs + 1)]
    assert result.weights == result.checkpoints[-1].weights


def test_a_batch_is_one_step(rows: Rows) -> None:
    """Twelve rows in batches of five are three steps."""
    assert len(learn(rows, n_epochs=2, batch_size=5).steps) == 6


def test_a_higher_rate_learns_faster(rows: Rows) -> None:
    """The multiplier scales the step."""
    slow, fast = learn(rows, learning_rate_multiplier=0.1).steps, learn(rows).steps
    assert sum(step.train_loss for step in fast[-12:]) < sum(step.train_loss for step in slow[-12:])


def test_every_assistant_turn_is_a_target() -> None:
    """Packed exchanges are all learned; earlier turns are the context of later ones."""
    found = list(targets(turns("q1", "a1", "q2", "a2")[0]))
    assert [(target.question, target.label) for target in found] == [("q1", "a1"), ("q2", "a2")]
    assert [target.context for target in found] == ["", "q1\na1"]


def test_a_turn_of_weight_zero_is_no_target() -> None:
    """As on the wire: 0 leaves it out, 1 trains on it."""
    row = turns("q1", "a1", "q2", "a2")[0]
    row["messages"][1]["weight"] = 0
    row["messages"][3]["weight"] = 1
    assert [target.label for target in targets(row)] == ["a2"]


def test_tool_calls_are_learned_as_canonical_json() -> None:
    """Key order does not make another answer."""
    calls = [{"type": "function", "id": "1", "function": {"name": "f", "arguments": "{}"}}]
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": calls}]}
    label = next(targets(row)).label
    assert label == '[{"function":{"arguments":"{}","name":"f"},"id":"1","type":"function"}]'


def test_the_system_prompt_is_not_seen() -> None:
    """Two conversations that differ in it only are the same."""
    user = {"role": "user", "content": "q"}
    assert conversation([{"role": "system", "content": "s"}, user]) == conversation([user])


def test_rows_without_a_target_cannot_be_trained() -> None:
    """The job fails with a reason instead of making an empty model."""
    row = turns("q", "a")[0]
    row["messages"][1]["weight"] = 0
    with pytest.raises(ValueError, match="nothing to train on"):
        learn([row] * 10)


def test_an_untrained_model_says_that_it_is_one() -> None:
    """Nobody can mistake it for an answer."""
    assert "never trained" in ask(None, "Who are you?")


def test_temperature_samples_by_seed(rows: Rows) -> None:
    """Hot answers vary, and the same seed gives the same one."""
    weights = learn(rows, n_epochs=1).weights
    hot = [ask(weights, "What is entry 3?", 5.0, seed) for seed in range(20)]
    assert len(set(hot)) > 1
    assert hot == [ask(weights, "What is entry 3?", 5.0, seed) for seed in range(20)]


def test_validation_rows_are_measured_and_not_learned(rows: Rows) -> None:
    """The weights are those without validation; unknown answers count as wrong."""
    stranger = turns("q", "an answer never trained")
    with_rows = learn(rows, validation=[*rows[:1], *stranger])
    assert with_rows.weights == learn(rows).weights
    assert with_rows.checkpoints[-1].metrics["full_valid_mean_token_accuracy"] <= 0.5


@given(st.text(), st.text())
def test_features_have_the_promised_norms(question: str, context: str) -> None:
    """Norm 1 for the question, 0.5 for the context, in namespaces that hardly ever meet."""
    alone = features(question, "")
    assert sum(value**2 for value in alone.values) == pytest.approx(1.0)
    together = features(question, context)
    extra = sum(value**2 for value in together.values) - 1.0
    assert extra == pytest.approx(0.25 if context else 0.0, abs=0.02)
    assert set(alone.keys) <= set(together.keys)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=5))
def test_weights_survive_as_bytes(pairs: list[tuple[str, str]]) -> None:
    """What is read back is written as the same bytes, whatever the text."""
    rows = [turns(question, answer)[0] for question, answer in pairs]
    weights = learn(rows, n_epochs=1).weights
    assert Classifier.from_bytes(weights).to_bytes() == weights
