"""A comparison written down, and judged again without a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import Comparison, Gate
from aoai_finetune.evaluation.comparison._json import _digest

Compare = Callable[..., Comparison]


@pytest.fixture
def stored(compare: Compare) -> str:
    """A comparison that was rejected."""
    comparison: Comparison = compare(
        old="++ +- " * 10, new="-+", updated="-s", gate=Gate(margin=0.1), unprobed=1
    )
    return comparison.to_json()


def altered(stored: str, *, sealed: bool = False, **changes: Any) -> str:
    """The stored text with other values; `sealed` makes the digest fit again."""
    body = json.loads(stored) | changes
    if sealed:
        body.pop("digest")
        body["digest"] = _digest(body)
    return json.dumps(body)


def test_a_comparison_comes_back_as_it_was(compare: Compare) -> None:
    """Equal, with the same decision word for word; bytes are read as text."""
    comparison = compare(
        old="++ +- " * 10, new="-+", general="++", gate=Gate(margin=0.2), new_facts=["new 0"]
    )
    again = Comparison.from_json(comparison.to_json())
    assert again == comparison
    assert again.decision == comparison.decision
    assert Comparison.from_json(comparison.to_json().encode()) == comparison


def test_the_same_comparison_is_the_same_text(compare: Compare) -> None:
    """Sets are written in order, so a stored verdict can be compared by its bytes."""
    assert compare(old="++ " * 9).to_json() == compare(old="++ " * 9).to_json()


def test_a_changed_answer_is_noticed(stored: str) -> None:
    """The digest no longer fits."""
    with pytest.raises(DatasetError, match="was changed after it was written"):
        Comparison.from_json(altered(stored, champion_answers=["Right!"] * 22))


def test_a_verdict_that_the_answers_do_not_give_is_refused(stored: str) -> None:
    """Even with a digest that fits."""
    with pytest.raises(DatasetError, match="says promote, but its answers give reject"):
        Comparison.from_json(altered(stored, sealed=True, verdict="promote"))


@pytest.mark.parametrize("version", [2, "1", None])
def test_another_format_version_is_refused(stored: str, version: object) -> None:
    """Before anything else is believed."""
    with pytest.raises(DatasetError, match="another format version") as caught:
        Comparison.from_json(altered(stored, version=version))
    assert caught.value.path == "version"


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", b"\xff", '"text"', "[]", "{}", '{"format": "other"}', "[" * 9999]
)
def test_what_is_no_stored_comparison_is_a_typed_error(text: str | bytes) -> None:
    """With the way to make one."""
    with pytest.raises(DatasetError) as caught:
        Comparison.from_json(text)
    assert "to_json" in caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"probes": [7]},
        {"probes": None},
        {"champion": {"name": "x"}},
        {"champion_answers": 3},
        {"gate": {"margin": "wide"}},
        {"gate": {"margin": 7}},
        {"known_facts": 7},
        {"known_facts": [[]]},
        {"trained_on": [[99, None]]},
        {"trained_on": [["0", None]]},
        {"trained_on": [[0]]},
        {"gate": {"margin": "0.1"}},
        {"verdict": "perhaps"},
        {"verdict": []},
        {"probes": [{"fact": "f"}]},
        {"champion_answers": [1] * 22},
    ],
)
def test_a_part_of_the_wrong_kind_is_a_typed_error(stored: str, changes: dict[str, Any]) -> None:
    """However it was made to fit the digest."""
    with pytest.raises(DatasetError):
        Comparison.from_json(altered(stored, sealed=True, **changes))


@pytest.mark.parametrize("part", ["verdict", "probes", "trained_on", "known_facts", "gate"])
def test_a_missing_part_is_a_typed_error(stored: str, part: str) -> None:
    """A digest that fits does not make a comparison whole."""
    body = json.loads(stored)
    del body[part], body["digest"]
    with pytest.raises(DatasetError, match="stored comparison with"):
        Comparison.from_json(json.dumps(body | {"digest": _digest(body)}))


def test_a_comparison_of_unknown_facts_comes_back_as_it_was(compare: Compare) -> None:
    """That nobody said which facts were known is written down as well."""
    comparison = replace(compare(old="++ " * 60, new="-+"), known_facts=None, trained_on={0: 7, 60: None})
    again = Comparison.from_json(comparison.to_json())
    assert again == comparison
    assert again.decision == comparison.decision
