"""How a job may be asked to train."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune import DPO, Reinforcement, Supervised
from aoai_finetune.backends import METHODS, Method

GRADER = {"type": "string_check", "name": "same", "operation": "eq", "input": "a canary prompt"}


@pytest.mark.parametrize(
    ("make", "bad"),
    [
        (Supervised, {"prompt_loss_weight": 1.5}),
        (Supervised, {"prompt_loss_weight": float("nan")}),
        (DPO, {"n_epochs": 51}),
        (DPO, {"beta": 0}),
        (DPO, {"beta": 2.1}),
        (DPO, {"l2_multiplier": -0.1}),
        (DPO, {"l2_multiplier": float("inf")}),
        (Reinforcement, {"grader": {}}),
        (Reinforcement, {"grader": GRADER, "compute_multiplier": 0}),
        (Reinforcement, {"grader": GRADER, "eval_interval": 0}),
        (Reinforcement, {"grader": GRADER, "eval_samples": 0}),
        (Reinforcement, {"grader": GRADER, "batch_size": 257}),
    ],
)
def test_what_no_service_takes_is_refused(make: Any, bad: dict[str, Any]) -> None:
    """When it is written down."""
    with pytest.raises(ValueError, match=list(bad)[-1]):
        make(**bad)


def test_a_grader_is_not_shown() -> None:
    """It may hold prompts."""
    method = Reinforcement(grader=GRADER, response_format={"type": "a canary format"})
    assert "canary" not in repr(method)
    assert isinstance(hash(method), int)


@pytest.mark.parametrize("method", [Supervised(), DPO(), Reinforcement(grader=GRADER)])
def test_a_method_is_known_by_its_wire_name(method: Method) -> None:
    """What was stored can be made again."""
    stored = json.loads(json.dumps({"type": method.type, **asdict(method)}))
    assert METHODS[stored.pop("type")](**stored) == method


@given(
    n_epochs=st.one_of(st.just("auto"), st.integers(1, 50)),
    beta=st.one_of(st.just("auto"), st.floats(0.001, 2)),
)
def test_only_what_was_decided_is_sent(n_epochs: Any, beta: Any) -> None:
    """`auto` is left out, whatever the service calls it."""
    wire = DPO(n_epochs=n_epochs, beta=beta).to_wire()
    given = {"n_epochs": n_epochs, "beta": beta}
    expected = {name: value for name, value in given.items() if value != "auto"}
    assert wire == {"type": "dpo", "dpo": {"hyperparameters": expected}}
