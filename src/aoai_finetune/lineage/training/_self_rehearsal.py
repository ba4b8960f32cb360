"""Rows made of a model's own answers, and rehearsing with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from ...backends import Auto, Completion
from ...continual import History, Remembering, Replay, Schedule, Strategy
from ...dataset import Dataset, Example, normalise
from ...errors import DatasetError

if TYPE_CHECKING:
    from ...evaluation import ProbeSet

__all__ = [
    "Prompt",
    "Recalled",
    "SelfRehearsal",
    "Unrecalled",
    "prompts_of",
    "recalled_rows",
    "says_nothing",
]

Asked = Mapping[str, str | Iterable[str]]
"""Facts with the questions about them."""

_UNKNOWN: Final = tuple(
    normalise(opening) for opening in ("i don't know", "i do not know", "わかりません", "分かりません")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question to a model about a fact, as chat messages."""

    fact: str = field(repr=False)
    messages: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecalled:
    """A question that gave no row, and why. Its texts never show in its repr.

    Attributes:
        fact: key of the fact.
        messages: what was asked.
        reason: `empty`, `refused`, `cut off` (the answer was longer than the model may say), or `filtered`.
    """

    fact: str = field(repr=False)
    messages: tuple[Mapping[str, Any], ...] = field(repr=False)
    reason: Literal["empty", "refused", "cut off", "filtered"]


class Recalled(Dataset):
    """Rows made of a model's answers, and the questions that gave none. Its slices and sums are plain datasets.

    Attributes:
        model: who answered.
        left_out: the questions without a row.
    """

    model: str = ""
    left_out: tuple[Unrecalled, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Example], *, model: str, left_out: Iterable[Unrecalled]) -> Recalled:
        """The rows with what is known of them."""
        made = cast("Recalled", cls.from_examples(rows))  # a dataset is made of its own class
        made.model, made.left_out = model, tuple(left_out)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfRehearsal:
    """Rehearse with what the model itself has said, where its old rows are gone (pseudo-rehearsal).

    The recalled rows are scheduled by `strategy` like old ones; those that were sent belong to the history of the
    version that comes out.

        rehearsal = SelfRehearsal(rows=lineage.recall("champion", old_questions))
        plan = lineage.plan("champion", new, strategy=rehearsal)

    It keeps what the model says, not what is true: wrong and outdated answers are rehearsed like right ones, what
    it has forgotten stays forgotten, and nothing is kept that was not asked. Original rows are better, always.

    Args:
        rows: what `ModelLineage.recall` returned, or some of it that you have read.
        strategy: how new and old rows are mixed; one that continues from the parent.
    """

    rows: Dataset
    strategy: Strategy = field(default_factory=Replay)

    @property
    def name(self) -> str:
        """Such as `self-rehearsal, replay 10 %`."""
        return f"self-rehearsal, {self.strategy.name}"

    @property
    def passes(self) -> int | Auto:
        """Those of `strategy`."""
        return self.strategy.passes

    def recalled(self, new: Dataset, old: Dataset, /) -> Dataset:
        """The recalled rows that neither a new row nor a row of the history answers otherwise, or is.

        Raises:
            DatasetError: all new rows were recalled.
        """
        said, known = {row.digest for row in self.rows}, {row.digest for row in old}
        if all(row.digest in said for row in new):
            raise DatasetError("all rows were recalled, so there is nothing new to teach")
        kept = self.rows.supersede(by=new + old).kept
        return kept.select([place for place, row in enumerate(kept) if row.digest not in known])

    def knowing(self, history: History, /) -> Strategy:
        """The same, with the visits of a history where `strategy` looks at them."""
        inner = self.strategy
        return replace(self, strategy=inner.knowing(history)) if isinstance(inner, Remembering) else self

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """As `strategy` schedules them; it says how many of the old rows were recalled."""
        inner = self.strategy.schedule(new, old)
        recalled = {row.digest for row in self.rows}
        said = sum(row.digest in recalled for row in old)
        note = f"{said} of the {len(old)} old rows were recalled from a model"
        return replace(inner, notes=(*inner.notes, note))


def says_nothing(answer: str) -> bool:
    """Whether an answer begins as refusals do, or says that it is not known, in English or Japanese."""
    from ...evaluation import looks_refused

    return looks_refused(answer) or normalise(answer).startswith(_UNKNOWN)


def prompts_of(questions: Dataset | ProbeSet | Asked | Iterable[str], system: str | None) -> list[Prompt]:
    """What is asked: every prompt once. `system` goes before bare questions."""
    if isinstance(questions, str):
        raise TypeError(
            "questions must be several: a list of texts, a mapping of facts, a ProbeSet or a Dataset"
        )
    found = {(prompt.fact, repr(prompt.messages)): prompt for prompt in _prompts(questions, system)}
    if not found:
        raise DatasetError("there is nothing to ask: no row has a question and an answer in words")
    return list(found.values())


def _prompts(questions: Dataset | ProbeSet | Asked | Iterable[str], system: str | None) -> Iterator[Prompt]:
    from ...evaluation import ProbeSet

    if isinstance(questions, Dataset):
        yield from _of_rows(questions)
    elif isinstance(questions, ProbeSet):
        for probe in questions:
            yield Prompt(fact=probe.fact, messages=tuple(probe.prompt(system)))
    elif isinstance(questions, Mapping):
        for fact, asked in cast("Asked", questions).items():
            for question in [asked] if isinstance(asked, str) else asked:
                yield Prompt(fact=fact, messages=_bare(question, system))
    else:
        for question in questions:
            yield Prompt(fact=normalise(question), messages=_bare(question, system))


def _of_rows(rows: Dataset) -> Iterator[Prompt]:
    """The prompts of chat rows that are answered in words; a chat cannot be asked for a tool call."""
    from ...evaluation import ProbeSet

    for row in rows:
        if row.kind == "chat" and "tools" not in row.row:
            with suppress(DatasetError):  # nothing is asked, or not answered in words
                (probe,) = ProbeSet.from_examples([row])
                yield Prompt(fact=row.fact, messages=tuple(probe.prompt()))


def _bare(question: str, system: str | None) -> tuple[Mapping[str, Any], ...]:
    if not question.strip():
        raise DatasetError("a question is empty", hint="Leave it out: a model answers it all the same")
    opening = ({"role": "system", "content": system},) if system else ()
    return (*opening, {"role": "user", "content": question})


def recalled_rows(
    model: str,
    prompts: Iterable[Prompt],
    answers: Iterable[Completion],
    refused: Callable[[str], bool],
) -> Recalled:
    """A row for each prompt that was answered."""
    rows, left_out = list[Example](), list[Unrecalled]()
    for prompt, answer in zip(prompts, answers, strict=True):
        reason = _why_not(answer, refused)
        if reason is not None:
            left_out.append(Unrecalled(fact=prompt.fact, messages=prompt.messages, reason=reason))
        else:
            said = {"role": "assistant", "content": answer.content}
            rows.append(Example.from_row({"messages": [*prompt.messages, said]}, fact=prompt.fact))
    return Recalled.of(rows, model=model, left_out=left_out)


def _why_not(
    answer: Completion, refused: Callable[[str], bool]
) -> Literal["empty", "refused", "cut off", "filtered"] | None:
    if answer.finish_reason == "content_filter":
        return "filtered"
    if not answer.content.strip():
        return "empty"
    if answer.finish_reason == "length":
        return "cut off"
    return "refused" if refused(answer.content) else None
