"""Rows from and to other shapes: pairs, CSV, pandas, Hugging Face. The base class of Dataset, which has the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, overload

from ...errors import DatasetError
from ..reading._examples import placed_examples
from ..rows._example import Example
from ..rows._facts import FactSource
from ..rows._open import remember
from ..rows._sources import Rows
from ..rows._write import write_lines

if TYPE_CHECKING:
    from ._frames import Table

__all__ = ["Conversions"]


class Conversions:
    """What a dataset can be made from and turned into, beside JSONL. Every `to_*` has a `from_*` that undoes it."""

    def __init__(self, rows: Rows) -> None:
        if not hasattr(rows, "scan"):  # a path or a list, of which the methods below make rows
            raise DatasetError(
                f"a dataset is not made of {type(rows).__name__} itself",
                hint="Use Dataset.from_jsonl(path), from_examples(rows), from_pairs(pairs) or from_csv(path)",
            )
        self._rows = rows

    def _examples(self) -> Iterator[Example]:
        return (example for _, example in placed_examples(self._rows))

    @classmethod
    def from_pairs(
        cls,
        pairs: Iterable[tuple[str, str]],
        *,
        system: str | None = None,
        fact: FactSource | Sequence[str] = None,
    ) -> Self:
        """One chat row per question and answer, each under the same system message if one is given.

        `fact` is a function, one text for all rows, or one text per row.
        """
        from ._pairs import facts_of_pairs, rows_of_pairs

        rows = rows_of_pairs(pairs, system)
        return cls(remember(rows, *facts_of_pairs(fact, len(rows))))

    @classmethod
    def from_csv(
        cls,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        *,
        question: str = "question",
        answer: str = "answer",
        system: str | None = None,
        fact: FactSource = None,
        encoding: str = "utf-8",
        delimiter: str = ",",
        guard: bool = True,
    ) -> Self:
        """One chat row per record of a CSV table with a header line, read into memory.

        Rows keep the line of the file on which their record begins, for findings and errors. Raises DatasetError, with
        the line, for a table that cannot be read; an empty system or fact is none.

        Args:
            source: path, bytes or binary file.
            question: name of the column with the questions (`prompt` is found by itself).
            answer: name of the column with the answers (`completion` is found by itself).
            system: name of the column with system texts; `system` is used where it exists.
            fact: name of the column with facts, or a function; `fact` is used where it exists.
            encoding: how the text is written; `detect` tries UTF-16, UTF-32, UTF-8 and cp932.
            delimiter: what stands between two cells.
            guard: take off the quote that `to_csv` puts before cells a spreadsheet would run.
        """
        from ._csv import rows_from_csv
        from ._tables import Columns

        columns = Columns.named(question, answer, system, fact)
        return cls(rows_from_csv(source, columns, encoding, delimiter, guard=guard))

    @classmethod
    def from_pandas(
        cls,
        frame: Table,
        *,
        question: str = "question",
        answer: str = "answer",
        system: str | None = None,
        fact: FactSource = None,
    ) -> Self:
        """One row per line of a data frame, copied into memory.

        Where there is a column `messages` (or `input`) the columns are the keys of rows, and empty cells are left
        out; otherwise rows are made of the columns named here, as in `from_csv`. DatasetError where that fails.
        """
        from ._frames import examples_from_frame
        from ._tables import Columns

        columns = Columns.named(question, answer, system, fact)
        return cls(remember(examples_from_frame(frame, columns), columns.given))

    @classmethod
    def from_huggingface(
        cls,
        table: Table,
        *,
        question: str = "question",
        answer: str = "answer",
        system: str | None = None,
        fact: FactSource = None,
    ) -> Self:
        """One row per line of a `datasets.Dataset` (one split, streamed or not), as `from_pandas` does.

        Empty values inside messages are left out too, because typed columns put them everywhere; `tools` may be
        JSON in a text.
        """
        from ._frames import examples_from_hub
        from ._tables import Columns

        columns = Columns.named(question, answer, system, fact)
        return cls(remember(examples_from_hub(table, columns), columns.given))

    def to_pairs(self) -> list[tuple[str, str]]:
        """Question and answer of each row, without system texts. DatasetError at a row that is more than that."""
        from ._pairs import pair_of

        return [pair_of(example)[:2] for example in self._examples()]

    @overload
    def to_csv(
        self,
        path: None = None,
        *,
        question: str = "question",
        answer: str = "answer",
        system: str = "system",
        fact: str = "fact",
        encoding: str = "utf-8",
        guard: bool = True,
    ) -> str: ...
    @overload
    def to_csv(
        self,
        path: str | os.PathLike[str],
        *,
        question: str = "question",
        answer: str = "answer",
        system: str = "system",
        fact: str = "fact",
        encoding: str = "utf-8",
        guard: bool = True,
    ) -> Path: ...
    def to_csv(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        question: str = "question",
        answer: str = "answer",
        system: str = "system",
        fact: str = "fact",
        encoding: str = "utf-8",
        guard: bool = True,
    ) -> str | Path:
        """Questions, answers, system texts and given facts as a CSV table with these columns.

        `from_csv` reads it back as it was. DatasetError at a row that is more than that, before anything is written.

        Args:
            path: where to write it, whole or not at all; without one the text is returned.
            question: name of the column with the questions.
            answer: name of the column with the answers.
            system: name of the column with the system texts.
            fact: name of the column with the facts that were given.
            encoding: `utf-8-sig` is what Excel opens without being told.
            guard: put a quote before cells that a spreadsheet would run as a formula.
        """
        from ._csv import table_as_csv
        from ._tables import Columns

        names = Columns(question=question, answer=answer, system=system, fact=fact)
        table = table_as_csv(self._examples(), names, encoding, guard=guard)
        return table.decode(encoding) if path is None else write_lines(path, [table])

    def to_pandas(self) -> Table:
        """A `pandas.DataFrame`: one column per key of the rows, and `fact` where any was given. Needs pandas."""
        from ._frames import frame_of

        return frame_of(list(self._examples()))

    def to_huggingface(self) -> Table:
        """A `datasets.Dataset` with the columns of `to_pandas`, `tools` as JSON in a text. Needs the extra `hf`.

        DatasetError for rows that typed columns cannot hold, such as content that is a text here and a list there.
        """
        from ._frames import hub_of

        return hub_of(list(self._examples()))
