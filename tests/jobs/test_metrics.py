"""Training curves from results files of every shape that has been seen."""

from __future__ import annotations

import base64
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.jobs._metrics import parse_results

SPARSE = b"""step,train_loss,train_mean_token_accuracy,valid_loss,validation_mean_token_accuracy,full_valid_loss
1,0.7,0.5,-1,,NaN
2,0.6,0.6,0.65,0.55,0.64
"""


def test_measurements_that_a_step_does_not_have_are_left_out() -> None:
    """Azure writes nothing, -1 or NaN there."""
    first, second = parse_results(SPARSE)
    assert first == {"step": 1.0, "train_loss": 0.7, "train_mean_token_accuracy": 0.5}
    assert set(second) == set(first) | {"valid_loss", "validation_mean_token_accuracy", "full_valid_loss"}


def test_a_reward_of_minus_one_is_a_reward() -> None:
    """Graders may give it."""
    content = b"step,train_mean_reward,train_loss\n1,-1,-1\n"
    assert parse_results(content) == ({"step": 1.0, "train_mean_reward": -1.0},)


@pytest.mark.parametrize(
    "content",
    [SPARSE, b"\xef\xbb\xbf" + SPARSE, SPARSE.replace(b"\n", b"\r\n"), base64.b64encode(SPARSE)],
    ids=["plain", "byte order mark", "windows", "base64"],
)
def test_it_is_the_same_table_however_it_is_wrapped(content: bytes) -> None:
    """OpenAI sends it in base64."""
    assert parse_results(content) == parse_results(SPARSE)


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: SPARSE + tail))
def test_no_file_crashes_it(content: bytes) -> None:
    """And every number is one."""
    assert all(math.isfinite(value) for row in parse_results(content) for value in row.values())


def test_a_cell_that_no_reader_takes_ends_the_table() -> None:
    """What came before it is kept."""
    content = b"step,train_loss\n1,0.5\n2," + b"9" * 200_000 + b"\n"
    assert parse_results(content) == ({"step": 1.0, "train_loss": 0.5},)
