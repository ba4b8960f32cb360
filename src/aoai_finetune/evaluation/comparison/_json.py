"""A comparison as JSON, so that a verdict can be checked and judged again without a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final, cast

from ...dataset import canonical_json
from ...errors import DatasetError
from ..graders._graders import RememberedGrader
from ..probes._grading import grade
from ..probes._probes import Probe, ProbeSet
from ..verdict._gate import Gate, Verdict
from ._comparison import Comparison
from ._pairs import Contender

__all__ = ["from_json", "to_json"]

_FORMAT: Final = "aoai_finetune.comparison"
_VERSION: Final = 1


def to_json(comparison: Comparison) -> str:
    """Probes, answers, contenders, known facts and gate; the verdict and a digest as checks."""
    body = _body(comparison)
    return canonical_json(body | {"digest": _digest(body)}).decode()


def _body(comparison: Comparison) -> dict[str, Any]:
    repeats = [list(answers) for answers in comparison.champion_repeats]
    graded = _graded(comparison)
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "champion": asdict(comparison.champion),
        "challenger": asdict(comparison.challenger),
        "probes": [probe.row() for probe in comparison.probes],
        "champion_answers": list(comparison.champion_answers),
        "challenger_answers": list(comparison.challenger_answers),
        "known_facts": None if comparison.known_facts is None else sorted(comparison.known_facts),
        "new_facts": None if comparison.new_facts is None else sorted(comparison.new_facts),
        "gate": asdict(comparison.gate),
        "trained_on": [list(leak) for leak in sorted(comparison.trained_on.items())],
        "verdict": str(comparison.verdict),
        **({"champion_repeats": repeats} if repeats else {}),
        **({"graded": graded} if graded else {}),
    }


def _graded(comparison: Comparison) -> list[list[Any]]:
    """What the caller's own graders say about every answer: grader, text expected or stale, answer, verdict."""
    asked = zip(
        comparison.probes,
        comparison.champion_answers,
        comparison.challenger_answers,
        *comparison.champion_repeats,
        strict=True,
    )
    said = {
        (probe.grader, text, answer): grade(
            replace(probe, expected=(text,)), answer, comparison.probes.graders
        )
        for probe, *answers in asked
        if probe.grader in comparison.probes.graders
        for text in (*probe.expected, *probe.stale)
        for answer in answers
    }
    return [[*key, verdict] for key, verdict in sorted(said.items())]


def _graders(graded: list[list[Any]]) -> dict[str, RememberedGrader]:
    """Graders that repeat what was said, in place of the functions that said it."""
    words: dict[str, dict[tuple[str, str], bool]] = {}
    for name, text, answer, verdict in graded:
        if not isinstance(verdict, bool):
            raise TypeError("a stored grade is true or false")
        words.setdefault(name, {})[text, answer] = verdict
    return {name: RememberedGrader(name, None, known) for name, known in words.items()}


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body)).hexdigest()


def from_json(text: str | bytes) -> Comparison:
    """The comparison, computed from its answers; DatasetError when the text is not what was written."""
    stored = _parsed(text)
    _check_version(stored)
    claimed = stored.pop("digest", None)
    if claimed != _digest(stored):
        raise DatasetError(
            "the stored comparison was changed after it was written (its digest does not fit)",
            hint="Use the text as Comparison.to_json wrote it",
        )
    comparison = _restored(stored)
    said = _verdict(stored)
    if comparison.verdict != said:
        raise DatasetError(
            f"the stored comparison says {said}, but its answers give {comparison.verdict}",
            hint="It was written by a version of this library that judged differently; compare again",
        )
    return comparison


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        stored: Any = json.loads(text)
        canonical_json(stored)
    except (ValueError, RecursionError):
        raise DatasetError(
            "not JSON, so not a stored comparison", hint="Write one with Comparison.to_json"
        ) from None
    found = cast("dict[str, Any]", stored) if isinstance(stored, dict) else {}
    if found.get("format") != _FORMAT:
        raise DatasetError("JSON, but not a stored comparison", hint="Write one with Comparison.to_json")
    return found


def _check_version(stored: Mapping[str, Any]) -> None:
    if stored.get("version") != _VERSION:
        raise DatasetError(
            f"a stored comparison of another format version than {_VERSION}",
            path="version",
            hint="Read it with the version of this library that wrote it, or compare again",
        )


def _verdict(stored: Mapping[str, Any]) -> Verdict:
    try:
        return Verdict(stored["verdict"])
    except (KeyError, ValueError):
        raise DatasetError(
            "a stored comparison without a verdict",
            path="verdict",
            hint="Use the text as Comparison.to_json wrote it",
        ) from None


def _restored(stored: Mapping[str, Any]) -> Comparison:
    try:
        return Comparison.from_answers(
            ProbeSet(
                (Probe.from_row(row) for row in stored["probes"]), graders=_graders(stored.get("graded", []))
            ),
            Contender(**stored["champion"]),
            Contender(**stored["challenger"]),
            stored["champion_answers"],
            stored["challenger_answers"],
            known_facts=stored["known_facts"],
            new_facts=stored["new_facts"],
            gate=Gate(**stored["gate"]),
            trained_on=dict(stored["trained_on"]),
            champion_repeats=stored.get("champion_repeats", ()),
        )
    except DatasetError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as why:
        raise DatasetError(
            f"a stored comparison with a part missing or of the wrong kind ({type(why).__name__})",
            hint="Use the text as Comparison.to_json wrote it",
        ) from None
