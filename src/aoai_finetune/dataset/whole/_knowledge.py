"""A heuristic: does a file teach knowledge, which retrieval carries better, or behaviour?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from ..checks._roles import row_as_meant
from ..checks._rule import Settings, Spot
from ..rows._example import answer_of, question_of

__all__ = ["KnowledgeLike"]

_FACTUAL: Final = re.compile(
    r"\d|https?://|www\.|@|株式会社|(?<=[a-z,] )[A-Z][a-z]{2,}|[ァ-ヴー]{4,}|[一-龠]{2,}(?:県|市|区|町|部|課|さん|氏)"
)
_LONGEST: Final = 400
_SHARE: Final = 0.6
_PHRASINGS: Final = 4
_FACTS: Final = 50


class KnowledgeLike:
    """Short answers full of numbers, names and addresses, each asked for in few ways, or very many of them.

    That is the shape of facts about a company. What is known about teaching them: a model learns a fact from
    several phrasings or not at all (Allen-Zhu and Li 2023, arXiv 2309.14316), what it did not know before
    makes it invent more (Gekhman et al. 2024, arXiv 2405.05904), and looking facts up answered far more
    questions than fine-tuning on them (Ovadia et al. 2023, arXiv 2312.05934). 4 phrasings were measured; 50
    facts and the share of 60 % are this library's guess.
    """

    def __init__(self, _settings: Settings) -> None:
        self._rows = self._factual = 0
        self._asked: dict[int, set[int]] = {}

    def see(self, row: Mapping[str, Any], fact: str | None, _line: int, _source: str | None, /) -> None:
        """Look at the answer, and count the questions that have it."""
        answer, question = answer_of(row), question_of(row)
        if not answer or not question:
            row = row_as_meant(row)
            answer, question = answer_of(row), question_of(row)
        self._rows += 1
        if len(answer) > _LONGEST or not _FACTUAL.search(answer):
            return
        self._factual += 1
        asked = self._asked.setdefault(hash(answer if fact is None else ("fact", fact)), set())
        if len(asked) < _PHRASINGS:
            asked.add(hash(question))

    def end(self, rows: int, /) -> Iterator[Spot]:
        """One spot for the file, when most of it is such rows."""
        few = sum(len(asked) < _PHRASINGS for asked in self._asked.values())
        facts = len(self._asked)
        if self._rows < 10 or self._factual < _SHARE * rows or not (facts > _FACTS or few * 2 > facts):
            return
        yield Spot(
            f"heuristic: {self._factual:,} of {self._rows:,} answers look like facts (numbers, names, addresses):"
            f" {facts:,} of them, {few:,} asked for in fewer than {_PHRASINGS} ways"
        )

    def part(self) -> object:
        """Rows, those that look like facts, and what was asked for each."""
        return _Part(self._rows, self._factual, self._asked)

    def absorb(self, part: object, _before: int, _source: str | None, /) -> Iterable[tuple[int, str]]:
        """Add them up."""
        if isinstance(part, _Part):
            self._rows += part.rows
            self._factual += part.factual
            for fact, questions in part.asked.items():
                self._asked.setdefault(fact, set()).update(questions)
        return ()


class _Part(NamedTuple):
    rows: int
    factual: int
    asked: dict[int, set[int]]
