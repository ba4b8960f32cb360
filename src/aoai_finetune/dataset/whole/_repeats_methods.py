"""What rows of other methods have in common: preferences that are turned round, questions that are graded in two ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from ..checks._rule import Method, Settings
from ._marks import Mark, graded_marks_of, preference_marks_of
from ._noted import packed
from ._repeats import Pairs, Repeats

__all__ = ["new_repeats", "repeats_of"]


class _Preferences(Repeats):
    """Of a preference row, the answer is its two outputs in order, and what it asks the two of them turned round."""

    said = "{} prefers the other one of the same two outputs"

    @override
    def note_plain(self, texts: list[str], place: int, fact: str | None = None) -> None:
        """Note a plain row, given by its texts (`_plain_methods.preference_texts`)."""
        mark, worse = self._mark, texts.pop()
        _, better = texts.pop(), texts.pop()
        # `Noted.add`, without a call for each row.
        self._marks.rows.frombytes(
            packed(mark(tuple(texts)), mark((better, worse)), mark((worse, better)), place)
        )

    @override
    def note(self, row: Mapping[str, Any], fact: str | None, place: int, *, in_order: bool = False) -> None:
        """Note any other sound row."""
        self._marks.add(*preference_marks_of(row, self._mark, in_order=in_order), place)

    @override
    def _compare_rows(self) -> tuple[Pairs, Pairs]:
        marks = self._marks
        answers, turned = marks.answers(), marks.asked()
        again = self._prompts_again()
        rows: dict[tuple[int, int], int] = {}
        copies: Pairs = []
        others: Pairs = []
        for row, prompt in enumerate(marks.prompts()) if again else ():
            if prompt in again:
                same = rows.setdefault((prompt, answers[row]), row)
                first = rows.get((prompt, turned[row]), row)
                if same != row:
                    copies.append((row, same))
                if first not in {row, same}:
                    others.append((row, first))
        return copies, others


class _Graded(Repeats):
    """Of a reinforcement row, the answer is its fields, which a grader reads."""

    said = "{} has other fields for the same messages"

    @override
    def note(self, row: Mapping[str, Any], fact: str | None, place: int, *, in_order: bool = False) -> None:
        """Note a sound row that is not plain."""
        self._note(graded_marks_of(row, self._mark, in_order=in_order), place, fact)


_BY_METHOD: Final[dict[Method, type[Repeats]]] = {"dpo": _Preferences, "reinforcement": _Graded}


def new_repeats(method: Method, *, mark: Mark = hash, part: int | None = None) -> Repeats:
    """What rows of a method have in common, before any is noted."""
    return _BY_METHOD.get(method, Repeats)(mark=mark, part=part)


def repeats_of(settings: Settings) -> Repeats:
    """The one of this pass."""
    known: Repeats = settings.shared.setdefault("repeats", new_repeats(settings.method))
    return known
