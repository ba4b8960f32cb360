"""Probes out of training rows: which phrasings are withheld, and what a row asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...dataset import Dataset, Example, normalise
from ...errors import DatasetError
from ._probes import Probe

__all__ = ["probe_of", "typed", "withhold", "withhold_facts"]

_ONE_PHRASING = (
    "Facts are told apart by their question unless you say which rows belong together: read the data with "
    "fact=by_answer (rows with the same answer are one fact), with a fact= callable or column of your own, or "
    "write the probes by hand and read them with ProbeSet.from_jsonl"
)


_UNASKED = (
    "A probe asks in words and is answered in words: it sends no tools, so a row that offers or calls some cannot be "
    "asked again as it was trained. Hold out rows without tools, and keep the others for training"
)


def typed(example: Example | Mapping[str, Any]) -> Example:
    """An example, made of a row where it is not one yet."""
    return example if isinstance(example, Example) else Example.from_row(example)


def probe_of(example: Example, *, also: Iterable[str] = ()) -> Probe:
    """The probe that asks what a chat row answers.

    Everything before the last assistant message is the prompt, without the `weight` that only training knows;
    that message is expected, and so is every answer in `also`.

    Raises:
        DatasetError: the row is no chat, asks nothing, or its last answer is not in words.
    """
    if not _askable(example):
        raise DatasetError(
            "this row cannot be a probe: it needs a user message and, after it, a final assistant message in words, "
            "and offers no tools",
            line=example.line,
            hint="Write the probe by hand, or leave the row out",
        )
    turns: list[Mapping[str, Any]] = [dict(turn) for turn in example.row["messages"]]
    return Probe(
        fact=example.fact,
        messages=tuple({key: turn[key] for key in turn if key != "weight"} for turn in turns[:-1]),
        expected=tuple(dict.fromkeys((example.answer, *also))),
        line=example.line,
    )


def _askable(example: Example) -> bool:
    """Whether the row ends with a user's question and an answer in words."""
    if example.kind != "chat" or len(example.messages) < 2:
        return False
    *_, asked, answer = example.messages
    spoken = answer.role == "assistant" and bool(answer.text) and not answer.tool_calls
    return spoken and asked.role == "user" and bool(asked.text) and "tools" not in example.row


@dataclass(slots=True)
class _Phrasings:
    """What a dataset says about one fact."""

    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict[str, list[int]](list))
    answers: dict[str, None] = field(default_factory=dict[str, None])


def withhold(dataset: Dataset, *, per_fact: int, seed: int) -> tuple[Dataset, list[Probe]]:
    """The rows left, and one probe for each phrasing taken. See `ProbeSet.hold_out`."""
    if per_fact < 1:
        raise ValueError("hold_out: per_fact must be at least 1")
    facts, shared = _survey(dataset)
    taken = [rows for fact, known in facts.items() for rows in _choose(fact, known, shared, per_fact, seed)]
    if not taken:
        raise _nothing_to_withhold(dataset, "no fact has a second phrasing")
    withheld = {row for rows in taken for row in rows}
    probes = [_probe(dataset, rows[0], facts) for rows in sorted(taken)]
    return dataset.select([row for row in range(len(dataset)) if row not in withheld]), probes


def withhold_facts(dataset: Dataset, *, share: float, seed: int) -> tuple[Dataset, list[Probe]]:
    """The rows left, and one probe for each phrasing of the facts taken. See `ProbeSet.hold_out_facts`."""
    from random import Random

    if not 0 < share < 1:
        raise ValueError("hold_out_facts: share must be above 0 and below 1")
    facts, shared = _survey(dataset)
    if len(facts) < 2:
        raise _nothing_to_withhold(dataset, "fewer than two facts can be asked")
    ranked = sorted(facts, key=lambda fact: Random(f"{seed} {fact}").random())
    taken = frozenset(ranked[: min(len(facts) - 1, max(1, round(share * len(facts))))])
    asked = sorted(
        rows[0] for fact in taken for asked, rows in facts[fact].rows.items() if asked not in shared
    )
    left = [place for place, example in enumerate(dataset) if example.fact not in taken]
    return dataset.select(left), [_probe(dataset, row, facts) for row in asked]


def _nothing_to_withhold(dataset: Dataset, reason: str) -> DatasetError:
    """Says which it is: rows that ask nothing in words, or facts that are asked for once."""
    unasked = sum(not _askable(example) for example in dataset)
    if not unasked:
        return DatasetError(f"{reason}, so none can be withheld", hint=_ONE_PHRASING)
    rest = "" if unasked == len(dataset) else f", and of the others {reason}"
    return DatasetError(
        f"{unasked} of {len(dataset)} rows offer or call tools, or do not answer in words, so they cannot be probes{rest}",
        hint=_UNASKED if unasked == len(dataset) else f"{_UNASKED}. {_ONE_PHRASING}",
    )


def _survey(dataset: Dataset) -> tuple[dict[str, _Phrasings], set[str]]:
    """Phrasings and answers of each fact, and the phrasings that stand under more than one fact."""
    facts: dict[str, _Phrasings] = defaultdict(_Phrasings)
    owners: dict[str, set[str]] = defaultdict(set)
    for place, example in enumerate(dataset):
        if _askable(example):
            asked = normalise(example.question)
            facts[example.fact].rows[asked].append(place)
            facts[example.fact].answers[example.answer] = None
            owners[asked].add(example.fact)
    return facts, {asked for asked, fact in owners.items() if len(fact) > 1}


def _choose(fact: str, known: _Phrasings, shared: set[str], per_fact: int, seed: int) -> list[list[int]]:
    from random import Random

    free = sorted(asked for asked in known.rows if asked not in shared)
    Random(f"{seed} {fact}").shuffle(free)
    return [known.rows[asked] for asked in free[: min(per_fact, len(known.rows) - 1)]]


def _probe(dataset: Dataset, row: int, facts: Mapping[str, _Phrasings]) -> Probe:
    example = dataset[row]
    return probe_of(example, also=facts[example.fact].answers)
