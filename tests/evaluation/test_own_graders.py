"""Graders of a caller: asked once, named when they fail, and not needed to judge a stored comparison."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import Comparison, Contender, Gate, Probe, ProbeSet, grade

FIRST, SECOND = Contender(name="first", model="m1"), Contender(name="second", model="m2")
SECRET = "秘密の答え"


def is_polite(expected: str, answer: str) -> bool:
    """Ends as a polite sentence does."""
    return answer.rstrip("。").endswith((expected, "ます"))


def asked(place: int = 0, grader: str = "polite") -> Probe:
    """A probe that asks for another grader."""
    return Probe(fact=f"f{place}", question=f"q{place}?", expected=("です",), group="old", grader=grader)


def compared(probes: ProbeSet, before: str, after: str) -> Comparison:
    """The same two answers to every probe."""
    return Comparison.from_answers(
        probes, FIRST, SECOND, [before] * len(probes), [after] * len(probes), known_facts=probes.facts
    )


def test_a_callable_grades_probes_that_name_it(tmp_path: Path) -> None:
    """From a file, and in a comparison."""
    path = ProbeSet([asked()], graders={"polite": is_polite}).to_jsonl(tmp_path / "probes.jsonl")
    probes = ProbeSet.from_jsonl(path, graders={"polite": is_polite})
    comparison = compared(probes, "花山です。", "花山だ。")
    assert [pair.outcome for pair in comparison.pairs] == ["broken"]
    assert probes.grade(probes[0], "行きます。")


def test_a_callable_is_asked_once_for_a_pair_of_texts() -> None:
    """It may be a paid model."""
    calls: list[str] = []

    def costly(expected: str, answer: str) -> bool:
        calls.append(answer)
        return True

    comparison = compared(ProbeSet([asked(), asked(1)], graders={"polite": costly}), "a", "b")
    assert (str(comparison), comparison.to_json(), comparison.verdict) is not None
    assert sorted(calls) == ["a", "b"]


def test_a_stored_comparison_is_judged_without_the_callable() -> None:
    """Its words are stored by grader, expected answer and answer."""
    probes = ProbeSet([asked(place) for place in range(30)], graders={"polite": is_polite})
    comparison = compared(probes, "花山です。", "花山だ。")
    again = Comparison.from_json(comparison.to_json())
    assert again == comparison
    assert again.decision == comparison.decision
    assert again.to_json() == comparison.to_json()
    assert again.judged_by(Gate(margin=0.9)).verdict == comparison.judged_by(Gate(margin=0.9)).verdict


def test_a_stored_grader_says_that_it_never_saw_another_answer() -> None:
    """Nothing is guessed."""
    again = Comparison.from_json(
        compared(ProbeSet([asked()], graders={"polite": is_polite}), "a", "b").to_json()
    )
    with pytest.raises(DatasetError, match="'polite' is not here"):
        again.probes.grade(again.probes[0], "another answer")


def raises(expected: str, answer: str) -> bool:
    """A grader that repeats what it saw."""
    raise RuntimeError(expected + answer)


def returns(value: object) -> Callable[[str, str], bool]:
    """A grader that returns something else."""
    return lambda expected, answer: value  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("grader", "words"),
    [
        (raises, "'polite' raised RuntimeError"),
        (returns(None), "'polite' returned NoneType, not a bool"),
        (returns(1), "'polite' returned int, not a bool"),
        (returns(float("nan")), "'polite' returned float, not a bool"),
    ],
)
def test_a_grader_that_fails_is_named_with_the_line_and_no_text(
    grader: Callable[[str, str], bool], words: str
) -> None:
    """Neither in the message nor in the traceback."""
    row = b'{"fact": "f", "question": "q", "expected": "e", "group": "old", "grader": "polite"}'
    probes = ProbeSet.from_jsonl(b"\n" + row, graders={"polite": grader})
    with pytest.raises(DatasetError, match=words) as caught:
        compared(probes, SECRET, SECRET).decision
    assert (caught.value.line, caught.value.path) == (2, "grader")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_probe_whose_grader_nobody_gave_is_refused() -> None:
    """By the set, which is where graders are given; the hint lists those that are known."""
    with pytest.raises(DatasetError, match="'vibes' is not known") as caught:
        ProbeSet([asked(grader="vibes")], graders={"polite": is_polite})
    assert "polite" in caught.value.hint
    with pytest.raises(DatasetError, match="'vibes' is not known"):
        grade(asked(grader="vibes"), "answer")


@pytest.mark.parametrize("name", ["exact", "f1>=0.9", "two words", ""])
def test_a_grader_under_a_taken_or_odd_name_is_refused(name: str) -> None:
    """A shipped grader stays what it is."""
    with pytest.raises(DatasetError, match="cannot be added"):
        ProbeSet(graders={name: is_polite})


def test_something_that_cannot_be_called_is_no_grader() -> None:
    """Named at once."""
    with pytest.raises(DatasetError, match="'polite' cannot be added"):
        ProbeSet(graders={"polite": "yes"})  # type: ignore[dict-item]


def test_graders_stay_with_slices_sums_and_groups() -> None:
    """Whatever is made of a set can still be graded."""
    probes = ProbeSet([asked(), asked(1)], graders={"polite": is_polite})
    other = ProbeSet([asked(2, "rude")], graders={"rude": lambda expected, answer: True})
    for made in (probes[:1], probes + other, other + probes, probes.grouped({}, {}), probes[:1] + probes[1:]):
        assert made.grade(asked(), "花山です")


def test_a_set_with_graders_can_be_copied_and_pickled() -> None:
    """For worker processes; a function is pickled by its name, as always."""
    probes = ProbeSet([asked()], graders={"polite": is_polite})
    for again in (copy.deepcopy(probes), pickle.loads(pickle.dumps(probes))):
        assert again == probes
        assert again.grade(asked(), "花山です")


def test_two_functions_under_one_name_cannot_be_added_up() -> None:
    """One of them would be lost."""
    probes = ProbeSet([asked()], graders={"polite": is_polite})
    other = ProbeSet([asked(1)], graders={"polite": lambda expected, answer: True})
    with pytest.raises(DatasetError, match="not the same function"):
        probes + other


@pytest.mark.parametrize(("said", "right"), [(True, True), (False, False)])
def test_a_bool_of_numpy_is_a_bool(said: bool, right: bool) -> None:
    """Whoever compares arrays gets one, and it is stored as the bool it stands for."""
    numpy = pytest.importorskip("numpy")
    probes = ProbeSet([asked()], graders={"polite": lambda expected, answer: numpy.bool_(said)})
    assert probes.grade(asked(), "any") is right
    assert Comparison.from_json(compared(probes, "a", "b").to_json()).pairs[0].right_before is right


def test_a_number_of_numpy_is_no_bool() -> None:
    """A score is not a verdict."""
    numpy = pytest.importorskip("numpy")
    probes = ProbeSet([asked()], graders={"polite": lambda expected, answer: numpy.float64(0.7)})
    with pytest.raises(DatasetError, match="returned float64, not a bool"):
        probes.grade(asked(), "any")
