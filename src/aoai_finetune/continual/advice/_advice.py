"""Is fine-tuning the right tool for these rows, and how would they best be trained?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ...dataset import Dataset
from ...errors import DatasetError
from .._history import History
from ..strategies._protocol import Strategy
from ._reasons import Reason, Tool, reasons_for
from ._recommended import recommend, to_do_first
from ._signs import Signs, signs_of

if TYPE_CHECKING:
    from ...display import Html, Tone

__all__ = ["Advice", "advise"]

_HEADLINES: Final[dict[Tool, str]] = {
    "fine-tuning": "fine-tuning suits these rows",
    "retrieval": "retrieval suits these rows better than fine-tuning",
    "either": "retrieval or fine-tuning: nothing in these rows decides it",
}
_TONES: Final[dict[Tool, Tone]] = {"fine-tuning": "good", "retrieval": "bad", "either": "unsure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to use for some rows, and how to train them if they are trained. Printing it shows no row.

    Attributes:
        tool: `fine-tuning`, `retrieval` (look the answer up and put it into the prompt), or `either`.
        reasons: why, those for the tool first.
        strategy: how to train them; None for the first step of a chain, which `lineage.fine_tune` does.
        strategy_reasons: why that one.
        first: what to do before training, in sentences.
        signs: the counts behind it.
    """

    tool: Tool
    reasons: tuple[Reason, ...]
    strategy: Strategy | None
    strategy_reasons: tuple[Reason, ...]
    first: tuple[str, ...]
    signs: Signs = field(repr=False)

    @property
    def headline(self) -> str:
        """The advice in one line."""
        return _HEADLINES[self.tool]

    @override
    def __str__(self) -> str:
        lines = [f"Advice: {self.headline}"]
        for title, sentences in self._blocks():
            lines += [f"  {title if not n else '':<10} - {sentence}" for n, sentence in enumerate(sentences)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from ...display import fragment

        return fragment(self._html())

    def _html(self) -> Html:
        from ...display import banner, html_table, join

        head, *rest = self._blocks()
        rows = [
            (title if not n else "", sentence)
            for title, sentences in rest
            for n, sentence in enumerate(sentences)
        ]
        return join(
            banner(self.headline, tone=_TONES[self.tool], reasons=head[1]),
            html_table(("", "how to train them"), rows),
        )

    def _blocks(self) -> Iterator[tuple[str, list[str]]]:
        yield "because", [str(reason) for reason in self.reasons]
        how = (
            "lineage.fine_tune(model, rows)"
            if self.strategy is None
            else f"strategy={_written(self.strategy)}"
        )
        yield "if trained", [how, *map(str, self.strategy_reasons)]
        yield "first", list(self.first)


def advise(new: Dataset, history: History | Dataset | None = None, *, most_facts: int = 50) -> Advice:
    """Whether to fine-tune on `new` or to look its answers up, and by which strategy it would be trained.

    Deterministic, and offline: rows are counted, nobody is asked. Knowledge is told from style by rules of thumb for
    English, German and Japanese, labelled as such. Anything that speaks for retrieval wins, because teaching what should
    be looked up is the dearer mistake; where nothing can be looked up when the model is asked, read on at
    `strategy`.

    Args:
        new: the rows you want to teach.
        history: what the model has learned (`lineage.history(version)`), or its rows; None for nothing.
        most_facts: how many new facts at a time are still few; the number is a guess.

    Raises:
        DatasetError: there is no row, or one that cannot be used.
    """
    if not isinstance(new, Dataset):
        raise TypeError(f"the rows must be a Dataset, not {type(new).__name__}: Dataset.from_examples(rows)")
    if not len(new):
        raise DatasetError("there is no row to advise on")
    signs = signs_of(new, _past(history))
    reasons = reasons_for(signs, most_facts)
    tool = _decided(reasons)
    strategy, why = recommend(signs)
    return Advice(
        tool=tool,
        reasons=tuple(sorted(reasons, key=lambda reason: reason.points_to != tool)),
        strategy=strategy,
        strategy_reasons=why,
        first=tuple(to_do_first(signs)),
        signs=signs,
    )


def _written(strategy: object) -> str:
    """The strategy as a user would write it: only what differs from the defaults."""
    given = fields(strategy) if is_dataclass(strategy) and not isinstance(strategy, type) else ()
    settings = [(each, getattr(strategy, each.name)) for each in given if each.repr]
    told = [f"{each.name}={value!r}" for each, value in settings if value != each.default]
    return f"{type(strategy).__name__}({', '.join(told)})"


def _past(history: History | Dataset | None) -> History:
    if isinstance(history, History):
        return history
    return History() if history is None else History(rows=history)


def _decided(reasons: tuple[Reason, ...]) -> Tool:
    spoken = {reason.points_to for reason in reasons}
    if "retrieval" in spoken:
        return "retrieval"
    return "fine-tuning" if "fine-tuning" in spoken else "either"
