"""The accuracy matrix: its numbers by hand and by their definitions, and what it refuses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune import ProbeSet
from aoai_finetune.continual import AccuracyMatrix
from aoai_finetune.errors import NotSupported
from aoai_finetune.evaluation import Probe

NAN = float("nan")

# Three stages, by hand:
#   ACC = (0.5 + 0.7 + 0.9) / 3 = 0.7
#   avgACC = (0.8 + (0.6 + 1.0) / 2 + 0.7) / 3 = 2.3 / 3
#   LA = (0.8 + 1.0 + 0.9) / 3 = 0.9
#   BWT = ((0.5 - 0.8) + (0.7 - 1.0)) / 2 = -0.3
#   FWT = ((0.3 - 0.1) + (0.4 - 0.2)) / 2 = 0.2
#   forgetting = ((0.8 - 0.5) + (1.0 - 0.7)) / 2 = 0.3
BY_HAND = AccuracyMatrix(
    stages=("a", "b", "c"),
    rows=((0.8, 0.3, 0.1), (0.6, 1.0, 0.4), (0.5, 0.7, 0.9)),
    untrained=(0.0, 0.1, 0.2),
)


def matrix(*rows: Any, **more: Any) -> AccuracyMatrix:
    """A matrix of stages named by number."""
    return AccuracyMatrix(stages=tuple(map(str, range(len(rows)))), rows=rows, **more)


def test_the_numbers_are_those_worked_out_by_hand() -> None:
    """Once, in full."""
    assert BY_HAND.accuracy == pytest.approx(0.7)
    assert BY_HAND.average_accuracy == pytest.approx(2.3 / 3)
    assert BY_HAND.learning_accuracy == pytest.approx(0.9)
    assert BY_HAND.backward_transfer == pytest.approx(-0.3)
    assert BY_HAND.forward_transfer == pytest.approx(0.2)
    assert BY_HAND.forgetting == pytest.approx(0.3)
    assert BY_HAND.retention == pytest.approx({"a": 0.5 / 0.8, "b": 0.7, "c": 1.0})
    assert BY_HAND.retention_curves["a"] == pytest.approx((1.0, 0.6 / 0.8, 0.5 / 0.8))


def test_forgetting_is_measured_from_the_best_a_stage_ever_was() -> None:
    """Not from what it was right after training, which is what backward transfer does."""
    grown = matrix((0.4, None, None), (0.9, 0.5, None), (0.6, 0.5, 0.5))
    assert grown.backward_transfer == pytest.approx(0.1)
    assert grown.forgetting == pytest.approx(0.15)


def test_the_best_may_have_been_before_the_training() -> None:
    """Where that was measured."""
    assert matrix((0.5, 0.9, 0.0), (0.5, 0.6, 0.0), (0.5, 0.6, 0.5)).forgetting == pytest.approx(0.15)


squares = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        st.lists(st.lists(st.floats(0, 1), min_size=size, max_size=size), min_size=size, max_size=size),
        st.lists(st.floats(0, 1), min_size=size, max_size=size),
    )
)


@given(squares)
def test_every_number_follows_its_definition(case: tuple[list[list[float]], list[float]]) -> None:
    """Written once more, with the indices of the papers (1 to T)."""
    rows, base = case
    found = matrix(*rows, untrained=base)
    last = len(rows)

    def r(i: int, j: int) -> float:
        return rows[i - 1][j - 1]

    stages = range(1, last + 1)
    assert found.accuracy == pytest.approx(fmean(r(last, j) for j in stages))
    assert found.average_accuracy == pytest.approx(
        fmean(fmean(r(i, j) for j in range(1, i + 1)) for i in stages)
    )
    assert found.learning_accuracy == pytest.approx(fmean(r(j, j) for j in stages))
    if last == 1:
        assert (found.backward_transfer, found.forward_transfer, found.forgetting) == (None, None, None)
        return
    earlier = range(1, last)
    assert found.backward_transfer == pytest.approx(sum(r(last, j) - r(j, j) for j in earlier) / (last - 1))
    assert found.forward_transfer == pytest.approx(
        sum(r(j - 1, j) - base[j - 1] for j in range(2, last + 1)) / (last - 1)
    )
    assert found.forgetting == pytest.approx(
        fmean(max(r(k, j) for k in earlier) - r(last, j) for j in earlier)
    )


@given(squares)
def test_forgetting_and_backward_transfer_never_disagree_about_loss(
    case: tuple[list[list[float]], list[float]],
) -> None:
    """Forgetting looks back to the best and so is never smaller than the loss since training."""
    found = matrix(*case[0])
    if found.forgetting is not None and found.backward_transfer is not None:
        assert found.forgetting >= -found.backward_transfer - 1e-9


def test_what_was_not_measured_stays_unknown() -> None:
    """Forward transfer needs the cells before the diagonal and the untrained model; nothing else does."""
    lower = matrix((0.8, None), (0.4, 0.6), untrained=(0.0, 0.0))
    assert lower.forward_transfer is None
    assert matrix((0.8, 0.1), (0.4, 0.6)).forward_transfer is None
    assert matrix((0.8, 0.1), (0.4, 0.6), untrained=(0.0, None)).forward_transfer is None
    partly = matrix((0.8, 0.1, None), (0.4, 0.6, None), (0.4, 0.6, 0.9), untrained=(0.0, 0.0, 0.0))
    assert partly.forward_transfer is None
    assert lower.accuracy == pytest.approx(0.5)
    assert "not measured" in str(lower)


def test_a_stage_that_was_never_learned_has_no_retention() -> None:
    """A share of nothing is no number."""
    assert matrix((0.0, None), (0.5, 1.0)).retention == {"0": None, "1": 1.0}


def test_ratios_are_those_to_joint_retraining() -> None:
    """Quality and bill, the two sides of the trade."""
    joint = matrix((0.9, None), (0.8, 0.8), tokens=1000)
    chain = matrix((0.9, None), (0.7, 0.9), tokens=150, joint=joint)
    assert chain.accuracy_ratio == pytest.approx(1.0)
    assert chain.average_accuracy_ratio == pytest.approx((0.9 + 0.8) / (0.9 + 0.8))
    assert chain.token_ratio == pytest.approx(0.15)
    assert "15.0 %" in str(chain)


@pytest.mark.parametrize(("tokens", "joint_tokens"), [(None, 10), (10, None), (10, 0)])
def test_a_bill_that_is_not_known_has_no_ratio(tokens: int | None, joint_tokens: int | None) -> None:
    """Nor one that is nothing."""
    assert matrix((1.0,), tokens=tokens, joint=matrix((1.0,), tokens=joint_tokens)).token_ratio is None
    assert matrix((1.0,), tokens=tokens).token_ratio is None


def test_joint_retraining_that_knows_nothing_is_no_measure() -> None:
    """Dividing by it gives no number."""
    assert matrix((0.5,), joint=matrix((0.0,))).accuracy_ratio is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: AccuracyMatrix(stages=(), rows=()), "at least one stage"),
        (lambda: AccuracyMatrix(stages=("a", "a"), rows=((1, 1), (1, 1))), "a name of its own"),
        (lambda: AccuracyMatrix(stages=("a", "b"), rows=((1, 1),)), "1 rows, and there are 2 stages"),
        (lambda: matrix((1.0, None), (1.0,)), "row of stage '1' has 1"),
        (lambda: matrix((1.0, None), (None, 1.0)), "stage '0' after stage '1' is missing"),
        (lambda: matrix((1.0, None), (NAN, 1.0)), "stage '0' after stage '1' is nan"),
        (lambda: matrix((1.0, NAN), (1.0, 1.0)), "stage '1' after stage '0' is nan"),
        (lambda: matrix((1.2,)), "from 0 to 1"),
        (lambda: matrix((-0.1,)), "from 0 to 1"),
        (lambda: matrix((float("inf"),)), "from 0 to 1"),
        (lambda: matrix(("0.5",)), "from 0 to 1"),
        (lambda: matrix((True,)), "from 0 to 1"),
        (lambda: matrix((1.0,), untrained=(NAN,)), "before any training is nan"),
        (lambda: matrix((1.0,), untrained=(0.1, 0.2)), "untrained model has 2"),
        (lambda: matrix((1.0,), tokens=-1), "0 or more"),
        (
            lambda: matrix((1.0,), joint=AccuracyMatrix(stages=("other",), rows=((1.0,),))),
            "other stages",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_named_and_never_turned_into_a_number(
    make: Callable[[], AccuracyMatrix], said: str
) -> None:
    """Which cell it is, too."""
    with pytest.raises(ValueError, match=said):
        make()


def asked(stage: str, count: int = 2) -> ProbeSet:
    """Probes of a stage; the right answer is its name."""
    return ProbeSet(
        Probe(fact=f"{stage} {number}", question=f"Question {number} of {stage}?", expected=(f"{stage}.",))
        for number in range(count)
    )


def test_answers_are_graded_as_the_probes_say() -> None:
    """By each probe's own grader."""
    found = AccuracyMatrix.from_answers(
        {"a": asked("a"), "b": asked("b", 4)},
        {"a": {"a": ["A", "a."]}, "b": {"a": ["a", "b"], "b": ["b", "b", "b", "x"]}},
        untrained={"a": ["", ""], "b": ["b", "", "", ""]},
        tokens=7,
        engine="softmax",
    )
    assert found.rows == ((1.0, None), (0.5, 0.75))
    assert found.untrained == (0.0, 0.25)
    assert (found.tokens, found.engine) == (7, "softmax")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"a": {"a": ["a"]}}, "2 probes and was given 1 answers after stage 'a'"),
        ({"a": {"a": "ab"}}, "2 probes and was given 2 answers"),
        ({"a": {"b": ["a", "a"]}}, "no probes"),
        ({"a": {}}, "stage 'a' after stage 'a' is missing"),
        ({}, "at least one stage"),
    ],
)
def test_answers_that_do_not_fit_the_probes_are_refused(answers: Any, said: str) -> None:
    """Missing ones are not taken for wrong ones."""
    with pytest.raises(ValueError, match=said):
        AccuracyMatrix.from_answers({"a": asked("a")}, answers)


def test_graded_probes_make_a_matrix_too() -> None:
    """Where somebody grades in another way."""
    graded = {"a": {"a": [True, False]}, "b": {"a": [True, True], "b": [False]}}
    assert AccuracyMatrix.from_graded(graded).rows == ((0.5, None), (1.0, 0.0))
    with pytest.raises(ValueError, match="never trained: c"):
        AccuracyMatrix.from_graded({"a": {"a": [True], "c": [True]}})
    with pytest.raises(ValueError, match="missing"):
        AccuracyMatrix.from_graded({"a": {"a": []}})


def test_the_text_shows_the_matrix_and_its_numbers() -> None:
    """In per cent and points, with the engine named."""
    text = str(matrix((0.8, None), (0.5, 0.9), engine="softmax"))
    assert "after" in text.splitlines()[0]
    assert "50.0 %" in text
    assert "-30.0 points" in text
    assert "offline softmax learner, not from GPT" in text


def test_the_page_escapes_the_names_of_stages(tmp_path: Path) -> None:
    """They may come from a file's name."""
    risky = AccuracyMatrix(stages=("<script>",), rows=((1.0,),))
    for page in (risky._repr_html_(), risky.to_html(tmp_path / "matrix.html").read_text(encoding="utf-8")):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


class Drawn:
    """Axes that write down what is drawn on them."""

    def __init__(self) -> None:
        self.calls: dict[str, list[tuple[Any, ...]]] = {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Any method of axes."""
        return lambda *given, **_: self.calls.setdefault(name, []).append(given)


def test_a_heat_map_is_drawn_on_axes_of_your_own_without_matplotlib() -> None:
    """Every measured cell with its figure."""
    axes = Drawn()
    assert matrix((0.8, None), (0.5, 0.9), engine="softmax").heatmap(axes) is axes
    assert {given[:3] for given in axes.calls["text"]} == {(0, 0, "80"), (0, 1, "50"), (1, 1, "90")}
    assert "offline softmax learner" in axes.calls["set_title"][0][0]


def test_a_heat_map_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where matplotlib is missing."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(NotSupported, match="notebook"):
        BY_HAND.heatmap()


@pytest.mark.slow
def test_matplotlib_draws_the_heat_map(tmp_path: Path) -> None:
    """With the real thing, where it is installed."""
    pytest.importorskip("matplotlib").use("Agg")
    axes = BY_HAND.heatmap()
    axes.figure.savefig(tmp_path / "matrix.png")
    importlib.import_module("matplotlib.pyplot").close(axes.figure)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    assert (tmp_path / "matrix.png").stat().st_size > 1000


def test_no_change_has_no_sign() -> None:
    """A mean of nothing but rounding is not a loss."""
    still = AccuracyMatrix(stages=("one", "two"), rows=((0.3, None), (0.3 - 1e-9, 1.0)))
    assert "+0.0 points" in str(still)
    assert "-0.0 points" not in str(still)
