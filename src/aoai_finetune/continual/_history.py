"""What a step is planned from: everything the model has learned so far, and the model itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..dataset import Dataset, Supersession

__all__ = ["History", "Parent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a model version has learned, in the order it learned it.

    Attributes:
        rows: the live rows, oldest first; superseded rows are not among them, equal rows stand once.
        visits: how often each fact was trained on the way to this model (row visits of all passes).
        outdated: for facts that changed on the way, the answers that are no longer true.
        steps: how many steps there were.
        last_trained: the step, counted from 1, that trained each fact last; facts are missing that none has
            trained since the last step from the base model.
    """

    rows: Dataset = field(default_factory=lambda: Dataset.from_examples(()))
    visits: Mapping[str, int] = field(default_factory=dict[str, int], repr=False)
    outdated: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], repr=False)
    steps: int = 0
    last_trained: Mapping[str, int] = field(default_factory=dict[str, int], repr=False)

    def superseded(self, *, by: Dataset) -> Supersession:
        """Which live rows stay, and which the new ones replace.

        A reinforcement row has no answer (a grader judges what the model says), so it replaces none.
        """
        rows = list(by)
        answering = [place for place, row in enumerate(rows) if row.kind != "reinforcement"]
        return self.rows.supersede(by=by if len(answering) == len(rows) else by.select(answering))

    def learned(
        self, new: Dataset, *, visits: Mapping[str, int] | None = None, from_base: bool = False
    ) -> History:
        """The history after one more step that taught `new`.

        Args:
            new: the rows of the step.
            visits: row visits per fact of the step.
            from_base: the step retrained from the base model, so earlier visits no longer count.
        """
        change = self.superseded(by=new)
        outdated = {fact: set(answers) for fact, answers in self.outdated.items()}
        for row in change.dropped:
            if row.answer:
                outdated.setdefault(row.fact, set()).add(row.answer)
        current = new.answers()
        total = {} if from_base else dict(self.visits)
        for fact, count in (visits or {}).items():
            total[fact] = total.get(fact, 0) + count
        trained = [fact for fact, count in (visits or {}).items() if count]
        return History(
            rows=(change.kept + new).deduplicate(),
            visits=total,
            outdated={
                fact: frozenset(old - current.get(fact, frozenset())) for fact, old in outdated.items()
            },
            steps=self.steps + 1,
            last_trained=({} if from_base else dict(self.last_trained))
            | dict.fromkeys(trained, self.steps + 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The model that the next step succeeds.

    Attributes:
        model: what continuing starts from, as on the wire.
        base_model: the catalogue model at the root, which `Joint` starts from.
        resource: where both live.
        version: id of the model version, None for a catalogue model.
    """

    model: str
    base_model: str
    resource: str
    version: str | None = None
