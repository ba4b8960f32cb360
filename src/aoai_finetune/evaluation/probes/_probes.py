"""Probes: questions with the answers that are right, never trained on."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self, overload

from typing_extensions import override

from ...dataset import Finding, Severity, canonical_json, normalise
from ...display import write_atomic
from ...errors import DatasetError
from ..graders._graders import Grader, merged, remembered, shipped
from ._grading import grade
from ._rows import check_row
from ._twins import refuse_twins

if TYPE_CHECKING:
    from ...dataset import Dataset, Example
    from ._grouping import Answers

__all__ = ["Group", "Probe", "ProbeSet", "leak_findings"]

Group = Literal["old", "new", "updated", "general"]
"""old: a fact the champion knows and that stays; new: only the challenger was trained on it; updated: its answer
changed; general: in no history, asked to catch damage elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question about one fact, and the answers that are right. Its text never shows in its repr.

    Attributes:
        fact: key of the fact, as in the training rows.
        expected: the answers that count as right, at least one.
        question: what the user asks; None when `messages` are given.
        messages: a whole chat that ends with the question; None when `question` is given.
        stale: answers that used to be right; giving one of them rejects a challenger.
        group: see `Group`; None until the histories of two models fill it (`ProbeSet.grouped`).
        label: one word of yours, such as `off-distribution`: probes of one label are also counted, tested and
            reported by themselves. It is shown in reasons and reports.
        grader: name of a grader in `GRADERS`, `f1>=` with a threshold, or of one its probe set was given.
        line: where it stands in its file, None when it never was in one.

    Raises:
        DatasetError: it is not a probe; the path names the field.
    """

    fact: str = field(repr=False)
    expected: tuple[str, ...] = field(repr=False)
    question: str | None = field(default=None, repr=False)
    messages: tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False, hash=False)
    stale: tuple[str, ...] = field(default=(), repr=False)
    group: Group | None = None
    label: str | None = None
    grader: str = "normalised"
    line: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name in ("expected", "stale"):  # a bare text would be taken for as many answers as it has letters
            object.__setattr__(self, name, _texts(getattr(self, name)))
        for problem in check_row(self.row()):
            raise DatasetError(problem.message, line=self.line, path=problem.path, hint=problem.hint)

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, line: int | None = None) -> Self:
        """A probe from a row of a probe file; one expected or stale answer may stand there as plain text.

        Raises:
            DatasetError: the row is not a probe; the first problem is named.
        """
        for problem in check_row(row):
            raise DatasetError(problem.message, line=line, path=problem.path, hint=problem.hint)
        messages = row.get("messages")
        return cls(
            fact=row["fact"],
            expected=_texts(row["expected"]),
            question=row.get("question"),
            messages=None if messages is None else tuple(messages),
            stale=_texts(row.get("stale")),
            group=row.get("group"),
            label=row.get("label"),
            grader=row.get("grader") or "normalised",
            line=line,
        )

    def row(self) -> dict[str, Any]:
        """The probe as a row of a probe file, without what is not set."""
        row: dict[str, Any] = {"fact": self.fact, "expected": list(self.expected), "grader": self.grader}
        optional = {
            "question": self.question,
            "messages": None if self.messages is None else list(self.messages),
            "stale": list(self.stale) or None,
            "group": self.group,
            "label": self.label,
        }
        return row | {key: value for key, value in optional.items() if value is not None}

    def prompt(self, system: str | None = None) -> list[dict[str, Any]]:
        """The chat messages to send. `system` goes before a bare question; messages are sent as they are."""
        if self.messages is not None:
            return [dict(message) for message in self.messages]
        opening = [{"role": "system", "content": system}] if system else []
        return [*opening, {"role": "user", "content": self.question}]

    @property
    def asked(self) -> str:
        """The text of the question itself, without what comes before it."""
        from ...dataset import Example

        return self.question or Example.from_row({"messages": self.prompt()}).question


def _texts(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


class ProbeSet:
    """An immutable, ordered set of probes. Equal when the probes are; its repr shows counts only.

    No two of them ask the same prompt, in one group, by one grader: they would get one answer and count it twice.

    Args:
        probes: the probes, in order.
        graders: functions of (expected answer, answer given) that return a bool, by the name under which probes
            ask for them, beside the shipped `GRADERS`. Each is called once for a pair of texts and remembered; what
            it said is stored with a comparison, which can then be judged again without it.

    Raises:
        DatasetError: two probes ask the same, a probe asks for a grader that is not known, or a grader cannot be
            added under its name.
    """

    __slots__ = ("_fingerprint", "_graders", "_probes")

    def __init__(self, probes: Iterable[Probe] = (), *, graders: Mapping[str, Grader] | None = None) -> None:
        self._probes = tuple(probes)
        self._graders = remembered(graders)
        self._fingerprint: str | None = None
        for probe in self._probes:
            for problem in check_row(probe.row(), self._graders) if not shipped(probe.grader) else ():
                raise DatasetError(problem.message, line=probe.line, path=problem.path, hint=problem.hint)
        refuse_twins(self._probes)

    @classmethod
    def from_jsonl(
        cls,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        *,
        graders: Mapping[str, Grader] | None = None,
    ) -> Self:
        """Read a probe file: UTF-8 (a byte-order mark is fine), one JSON object per line, blank lines skipped.

        A row has `fact`, `question` or `messages`, `expected` (text or a list), and optionally `stale`, `group`,
        `label` and `grader`; `graders` are functions for names that are not shipped (see the class).

        Raises:
            DatasetError: the file is missing or empty, or rows are not probes. Every problem stands in the message
                (the first 20) and in `error.report.findings` (all) with its line, path and remedy.
        """
        from ._reading import read_probes

        return cls(read_probes(source, graders or {}), graders=graders)

    @classmethod
    def from_examples(cls, examples: Iterable[Example | Mapping[str, Any]]) -> Self:
        """One probe per chat row: everything before the last assistant message is asked, that message is expected.

        Rows should be ones that are never trained on. See `hold_out` for taking some out of a training set.

        Raises:
            DatasetError: a row without a question or without an answer in words.
        """
        from ._holdout import probe_of, typed

        return cls(probe_of(typed(example)) for example in examples)

    @classmethod
    def hold_out(cls, dataset: Dataset, *, per_fact: int = 1, seed: int = 0) -> tuple[Dataset, Self]:
        """Take up to `per_fact` phrasings of every fact out of a dataset, to be asked instead of trained on.

        A phrasing is a distinct normalised question; all rows with it go together, and a phrasing that stands
        under two facts stays. The last phrasing of a fact is never taken, so facts with a single phrasing get no
        probe. Probes keep the system prompt and earlier turns of their row and accept every answer that the
        dataset holds for their fact. The choice depends on the seed and the fact alone: other facts and the order
        of rows do not change it.

        Returns:
            The rows left to train on, in their order, and the probes in the order of theirs.

        Raises:
            DatasetError: no fact has a second phrasing; the hint tells how to say which rows are one fact.
            ValueError: `per_fact` below 1.
        """
        from ._holdout import withhold

        rest, probes = withhold(dataset, per_fact=per_fact, seed=seed)
        return rest, cls(probes)

    @classmethod
    def hold_out_facts(cls, dataset: Dataset, *, share: float = 0.1, seed: int = 0) -> tuple[Dataset, Self]:
        """Take whole facts out of a dataset: every row of `share` of its facts, at least one fact and never all.

        `hold_out` asks in other words for what was taught. This asks for what was not taught at all, so it shows
        what carries over: a tone, a format, a way of classifying. An arbitrary fact cannot be known this way. The
        probes keep their row's prompt and accept every answer of their fact; compared, they are `general`. Rows
        that ask nothing or answer with a tool call stay. A fact is chosen by the seed and its key alone.

        Returns:
            The rows left to train on, and the probes, both in their order.

        Raises:
            DatasetError: fewer than two facts have a row that can be asked.
            ValueError: a share outside 0 to 1.
        """
        from ._holdout import withhold_facts

        rest, probes = withhold_facts(dataset, share=share, seed=seed)
        return rest, cls(probes)

    @property
    def graders(self) -> Mapping[str, Grader]:
        """The caller's own graders by name; empty when only shipped ones are used."""
        return self._graders

    def grade(self, probe: Probe, answer: str) -> bool:
        """Whether the answer to one of these probes is right, by its grader.

        Raises:
            DatasetError: the grader raised or returned no bool; grader and line are named, no text.
        """
        return grade(probe, answer, self._graders)

    def _with(self, probes: Iterable[Probe]) -> Self:
        return type(self)(probes, graders=self._graders)

    def to_bytes(self) -> bytes:
        """The probe file: one canonical JSON object per line."""
        return b"".join(canonical_json(probe.row()) + b"\n" for probe in self)

    @overload
    def to_jsonl(self, path: None = None) -> str: ...
    @overload
    def to_jsonl(self, path: str | os.PathLike[str]) -> Path: ...
    def to_jsonl(self, path: str | os.PathLike[str] | None = None) -> str | Path:
        """The probe file: written whole or not at all (its path is returned), or as a text without a path.

        Raises:
            OSError: as `display.write_atomic`.
        """
        if path is None:
            return self.to_bytes().decode()
        write_atomic(path, self.to_bytes())
        return Path(path)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the probe file in hexadecimal: equal sets of probes in the same order have the same."""
        if self._fingerprint is None:
            self._fingerprint = hashlib.sha256(self.to_bytes()).hexdigest()
        return self._fingerprint

    def prompts(self, system: str | None = None) -> list[list[dict[str, Any]]]:
        """The chat messages of every probe, in order; `system` goes before bare questions.

        Raises:
            DatasetError: with this system prompt two probes ask the same.
        """
        if system:
            refuse_twins(self._probes, system)
        return [probe.prompt(system) for probe in self]

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts asked for, in order of first appearance."""
        return tuple(dict.fromkeys(probe.fact for probe in self))

    @property
    def counts(self) -> Mapping[str, int]:
        """Probes per group; those without a group count as `ungrouped`."""
        return Counter(probe.group or "ungrouped" for probe in self)

    def labelled(self, label: str | None) -> Self:
        """The same probes with this label: `off_distribution.labelled("off-distribution")`; None takes it away.

        Raises:
            DatasetError: it is not one word.
        """
        return self._with(replace(probe, label=label) for probe in self)

    def leakage(self, dataset: Dataset) -> tuple[Finding, ...]:
        """A warning for every probe whose question was trained on: its answer proves memory, not knowledge.

        Questions are compared after `dataset.normalise`; the line is that of the probe.
        """
        return leak_findings(self, self.trained_on(dataset))

    def trained_on(self, dataset: Dataset) -> Mapping[int, int | None]:
        """The places of the probes that `leakage` warns of, each with the row that asks its question, None unknown."""
        trained: dict[str, int | None] = {}
        for example in dataset:
            trained.setdefault(normalise(example.question), example.line)
        return {
            place: trained[asked]
            for place, probe in enumerate(self)
            if (asked := normalise(probe.asked)) and asked in trained
        }

    def grouped(self, old: Answers, new: Answers, outdated: Answers | None = None) -> Self:
        """The same probes, each with a group: from its own, or from the histories of champion and challenger.

        Args:
            old: the champion's facts with the answers they were trained with.
            new: the challenger's.
            outdated: answers that stopped being right earlier on the way (`History.outdated`).

        A fact is `old` when the challenger was trained with the same answers or not at all, `updated` when with
        others, `new` when only the challenger knows it, `general` when neither does. Probes without `stale`
        answers get the outdated ones, updated probes the champion's too: all that are neither expected nor still
        taught to the challenger, and that the probe's grader can look for. The text graders can, `regex` looks for
        the literal text, `json` and `tool_call` for those they can read; for a grader of your own, name them.
        """
        from ._grouping import grouped

        return self._with(grouped(probe, old, new, outdated or {}) for probe in self)

    def __len__(self) -> int:
        return len(self._probes)

    def __iter__(self) -> Iterator[Probe]:
        return iter(self._probes)

    @overload
    def __getitem__(self, place: int) -> Probe: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Probe | Self:
        return self._with(self._probes[place]) if isinstance(place, slice) else self._probes[place]

    def __add__(self, other: ProbeSet) -> Self:
        """Both sets, in order. DatasetError when they share a probe: it would count twice."""
        return type(self)((*self, *other), graders=merged(self._graders, other._graders))

    @override
    def __eq__(self, other: object) -> bool:
        return self._probes == other._probes if isinstance(other, ProbeSet) else NotImplemented

    @override
    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @override
    def __repr__(self) -> str:
        groups = ", ".join(f"{count} {group}" for group, count in sorted(self.counts.items()))
        return f"ProbeSet({len(self)} probes of {len(self.facts)} facts{': ' if groups else ''}{groups})"


def leak_findings(probes: ProbeSet, trained_on: Mapping[int, int | None]) -> tuple[Finding, ...]:
    """A warning for each probe that was trained on, by its place and row."""
    return tuple(_leak(probes[place], row) for place, row in trained_on.items())


def _leak(probe: Probe, row: int | None) -> Finding:
    where = f" (row {row} of the training data)" if row is not None else ""
    return Finding(
        code="probe-trained-on",
        severity=Severity.WARNING,
        message=f"the question of this probe was trained on{where}",
        hint="Ask in words that no training row uses, or withhold the row with ProbeSet.hold_out.",
        line=probe.line,
        path="question" if probe.question is not None else "messages",
    )
