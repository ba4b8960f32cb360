"""What speaks for fine-tuning and what for retrieval: each with what was seen in the rows, and who says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from typing_extensions import override

from ._signs import Signs

__all__ = ["MEASURED", "Reason", "Tool", "knowledge", "reasons_for"]

Tool = Literal["fine-tuning", "retrieval", "either"]

MEASURED: Final = "measured on offline learners, docs/explanation/forgetting.md"
_MICROSOFT: Final = "Microsoft, fine-tuning considerations, 2025-03-26"
_GEKHMAN: Final = "Gekhman et al. 2024, arXiv 2405.05904"
_OVADIA: Final = "Ovadia et al. 2023, arXiv 2312.05934"
_SOUDANI: Final = "Soudani et al. 2024, arXiv 2403.01432"
_ALLEN_ZHU: Final = "Allen-Zhu and Li 2023, arXiv 2309.14316"

_MOSTLY: Final = 0.6
_OFTEN: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One piece of evidence.

    Attributes:
        seen: what is in the rows, in counts.
        known: what is known about such rows.
        source: who says so.
        points_to: the tool it speaks for; None for what concerns the strategy.
        heuristic: what was seen was recognised by a rule of thumb, or a threshold is a guess.
    """

    seen: str
    known: str
    source: str
    points_to: Tool | None = None
    heuristic: bool = False

    @override
    def __str__(self) -> str:
        label = "heuristic: " if self.heuristic else ""
        return f"{label}{self.seen}. {self.known} ({self.source})"


def knowledge(signs: Signs) -> bool:
    """Most rows teach something that would have to be known."""
    return _mostly(signs, signs.factual) and not signs.labels


def reasons_for(signs: Signs, most_facts: int) -> tuple[Reason, ...]:
    """Everything that speaks for a tool, the weightiest first."""
    return tuple(
        Reason(seen=seen, known=look.known, source=look.source, points_to=look.tool, heuristic=look.heuristic)
        for look in _LOOKS
        if (seen := look.seen(signs, most_facts))
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One question to the signs: what was seen in words, or nothing, and what follows from it."""

    seen: Callable[[Signs, int], str]
    tool: Tool
    known: str
    source: str
    heuristic: bool = False


def _mostly(signs: Signs, count: int) -> bool:
    return count >= _MOSTLY * signs.rows


def _one_answer(signs: Signs, _most: int) -> str:
    one = signs.rows > 1 and signs.answers == 1 and "chat" in signs.kinds
    return f"all {signs.rows} new rows have one answer" if one else ""


def _changing(signs: Signs, _most: int) -> str:
    if not signs.changed + signs.changed_before:
        return ""
    return f"{signs.changed} known facts get another answer now, {signs.changed_before} did before"


def _cited(signs: Signs, _most: int) -> str:
    often = signs.sources >= _OFTEN * signs.rows and not _mostly(signs, signs.grounded)
    return f"{signs.sources} of {signs.rows} rows name sources, or are asked to" if often else ""


def _dated(signs: Signs, _most: int) -> str:
    often = knowledge(signs) and signs.dated >= _OFTEN * signs.rows
    return f"{signs.dated} of {signs.rows} rows speak of today, now or the latest" if often else ""


def _few_phrasings(signs: Signs, _most: int) -> str:
    few = knowledge(signs) and 2 * signs.few_phrasings > signs.facts
    return f"{signs.few_phrasings} of {signs.facts} facts are asked for in fewer than 4 ways" if few else ""


def _many_facts(signs: Signs, most: int) -> str:
    many = knowledge(signs) and signs.facts > most
    return f"{signs.facts} new facts at once, and more than {most} are many" if many else ""


def _calling(signs: Signs, _most: int) -> str:
    return (
        f"{signs.calls} of {signs.rows} rows are about calling tools" if _mostly(signs, signs.calls) else ""
    )


def _formatted(signs: Signs, _most: int) -> str:
    formatted = _mostly(signs, signs.structured) and not knowledge(signs)
    return f"{signs.structured} of {signs.rows} answers are JSON" if formatted else ""


def _sorting(signs: Signs, _most: int) -> str:
    sorting = signs.labels and not knowledge(signs)
    return f"{signs.answers} short answers sort {signs.facts} different questions" if sorting else ""


def _reading(signs: Signs, _most: int) -> str:
    if not _mostly(signs, signs.grounded):
        return ""
    return f"{signs.grounded} of {signs.rows} answers hold only numbers and names that stand in their prompts"


def _preferring(signs: Signs, _most: int) -> str:
    return f"all {signs.rows} rows are {min(signs.kinds)} rows" if "chat" not in signs.kinds else ""


def _knowing(signs: Signs, _most: int) -> str:
    if not knowledge(signs):
        return ""
    return (
        f"{signs.factual} of {signs.rows} answers hold numbers, names or addresses that their prompts do not"
    )


def _toned(signs: Signs, most: int) -> str:
    told = (_one_answer, _calling, _formatted, _sorting, _reading, _preferring, _knowing)
    if any(look(signs, most) for look in told):
        return ""
    return f"{signs.rows - signs.factual} of {signs.rows} answers hold nothing that would have to be known"


_LOOKS: Final = (
    _Look(_one_answer, "retrieval",
          "On their own they teach it as the reply to everything; one line in the prompt says as much", MEASURED),
    _Look(_changing, "retrieval",
          "Every change needs another training, and rows that are out of date do harm until they are taken out",
          f"{_MICROSOFT}; {MEASURED}"),
    _Look(_cited, "retrieval",
          "A model that answers from its weights does not know where the answer came from, and invents a source",
          _GEKHMAN, heuristic=True),
    _Look(_dated, "retrieval", "A trained answer stays what it was on the day of training",
          _MICROSOFT, heuristic=True),
    _Look(_few_phrasings, "retrieval",
          "A fact is learned from several phrasings or not at all; up to four, each one helped at equal tokens",
          f"{_ALLEN_ZHU}; {MEASURED}", heuristic=True),
    _Look(_many_facts, "retrieval",
          "New facts are learned slowly and make a model invent more; looking them up answered far more questions",
          f"{_GEKHMAN}; {_OVADIA}", heuristic=True),
    _Look(_calling, "fine-tuning", "When and how a tool is called is behaviour, which fine-tuning is for",
          _MICROSOFT),
    _Look(_formatted, "fine-tuning", "A fixed format is behaviour, which fine-tuning is for", _MICROSOFT),
    _Look(_sorting, "fine-tuning", "Sorting into fixed classes is behaviour, which fine-tuning is for",
          _MICROSOFT, heuristic=True),
    _Look(_reading, "fine-tuning", "Rows that show how to use what was looked up make retrieval itself better",
          f"{_MICROSOFT}; {_SOUDANI}", heuristic=True),
    _Look(_preferring, "fine-tuning", "Which answer is the better one cannot be looked up", _MICROSOFT),
    _Look(_knowing, "either",
          "Retrieval beat fine-tuning on facts, most of all on rare ones; teach them where nothing can be looked up "
          "when the model is asked", f"{_OVADIA}; {_SOUDANI}", heuristic=True),
    _Look(_toned, "fine-tuning", "Tone and wording are behaviour, which fine-tuning is for",
          _MICROSOFT, heuristic=True),
)  # fmt: skip
