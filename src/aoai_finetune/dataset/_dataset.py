"""Dataset: an immutable, lazily read sequence of examples."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, overload

from typing_extensions import override

from ..errors import DatasetError
from .checking._report import ValidationReport
from .checking._validate import validate
from .editing._supersede import Supersession, split
from .reading._digests import watched_fingerprint
from .reading._examples import example_at, placed_examples, refuse_foreign, rows_of
from .reading._forms import canonical_rows
from .rows._arguments import of_kind, places, truth, whole_number, whole_numbers
from .rows._example import Example, derived_fact
from .rows._facts import FactSource
from .rows._open import check_examples, open_rows, remember
from .rows._sources import Rows, chain, select
from .rows._write import blocks, rows_with_facts, write_blocks, write_lines
from .rules._azure import AzureRules, known_rules
from .tables._conversions import Conversions
from .tokens._tokens import TokenCount

if TYPE_CHECKING:
    from .editing._repaired import Repaired
    from .editing._without_errors import WithoutErrors
    from .rows._findings import Finding
    from .tokens._cost import Cost
    from .tokens._prices import PriceTable
    from .tokens._statistics import Statistics

__all__ = ["Dataset"]


class Dataset(Conversions):
    """An immutable sequence of examples with a content fingerprint.

    Rows of a file are read when they are used and not kept. A dataset costs eight bytes per row for where it starts,
    one for what `validate` learned of it, and 33 for its digest and its layout once somebody asked for digests;
    slices, selections and sums share the rows they were made from. A file that changes underneath is a DatasetError.
    `len`, iteration, `[int]`, `[slice]`, `+` and `==` (by fingerprint) work as for a sequence. Iterating over a
    row that cannot be used raises DatasetError with its place; `validate` lists them all instead.

    Make one with `from_jsonl`, `from_examples`, `from_pairs`, `from_csv`, `from_pandas` or `from_huggingface`.
    """

    @classmethod
    def from_jsonl(
        cls, source: str | os.PathLike[str] | bytes | BinaryIO, *, fact: FactSource = None
    ) -> Dataset:
        """The rows of a JSONL file: a path, its bytes, or a file opened for reading bytes (which is read to its end).

        Rows end with a line feed and nothing else; a byte-order mark at the start is accepted. Raises
        DatasetError for a file that is missing or cannot be read, never for what stands in it: of a file that is
        something else (an array, a table, UTF-16) counting and reading rows do, and `validate` tells.

        Args:
            source: path, bytes or binary file.
            fact: the name of a column that holds each row's fact, or a function from an example to its fact.
                Without it the key `fact` is used where a row has one, else the normalised last user message.
                The column and the key `fact` are never part of a row.
        """
        return cls(open_rows(source, fact))

    @classmethod
    def from_examples(
        cls, examples: Iterable[Example | Mapping[str, Any]], *, fact: FactSource = None
    ) -> Dataset:
        """Examples, or rows as dictionaries, copied into memory. `fact` as for `from_jsonl`, over given facts too.

        Raises DatasetError, naming the row by its number, for what JSON cannot carry.
        """
        check_examples(examples)
        return cls(remember(examples, fact))

    def __len__(self) -> int:
        refuse_foreign(self._rows)
        return len(self._rows)

    def __iter__(self) -> Iterator[Example]:
        return (example for _, example in placed_examples(self._rows))

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Example | Dataset:
        picked = places(index, len(self))
        if isinstance(picked, range):
            return self if picked == range(len(self)) else self.select(picked)
        leaf, place = self._rows.locate(picked)
        example = example_at(next(leaf.pick((place,))))
        if example is None:  # pragma: no cover - blank lines have no index
            raise IndexError(index)
        return example

    def __add__(self, other: object) -> Dataset:
        if not isinstance(other, Dataset):
            return NotImplemented
        return Dataset(chain((self._rows, other._rows)))

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dataset):
            return NotImplemented
        same_length = len(self._rows) == len(other._rows)
        return self is other or (same_length and self.fingerprint == other.fingerprint)

    @override
    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def select(self, indices: Iterable[int]) -> Dataset:
        """The rows with these indices (0-based, each as often as it is named) in this order.

        Raises DatasetError for what are no whole numbers, IndexError for numbers beyond the last row or below 0.
        """
        wanted = indices if isinstance(indices, range) else whole_numbers(indices, "indices")
        if wanted and not 0 <= min(wanted) <= max(wanted) < len(self):
            beyond = min(wanted) if min(wanted) < 0 else max(wanted)
            raise IndexError(f"row {beyond} of a dataset of {len(self)}")
        return Dataset(select(self._rows, wanted))

    def head(self, n: int = 5) -> Dataset:
        """The first rows, at most `n`."""
        return self[: max(0, whole_number(n, "n"))]

    def shuffle(self, seed: int = 0) -> Dataset:
        """All rows in an order that depends on the seed and the number of rows alone."""
        return self.sample(len(self), seed)

    def sample(self, n: int, seed: int = 0) -> Dataset:
        """`n` rows drawn without replacement, in the order drawn. Raises DatasetError when there are fewer."""
        whole_number(n, "n", least=0)
        whole_number(seed, "seed")
        if n > len(self):
            raise DatasetError(f"cannot draw {n} rows from {len(self)}", hint="Ask for fewer rows")
        return self.select(random.Random(seed).sample(range(len(self)), n))

    def deduplicate(self, by: Literal["row", "question"] = "row") -> Dataset:
        """Each row once, at its first place.

        By `question`, rows that ask the same (all user texts, normalised) count as one, whatever they answer.
        """
        from .editing._unique import first_of_each

        first = first_of_each(self._rows, by)
        return self if len(first) == len(self) else self.select(first)

    def split(
        self,
        fractions: Sequence[float] | None = None,
        *,
        test_size: float | None = None,
        by: Literal["fact", "row"] | Callable[[Example], str] = "fact",
        seed: int = 0,
        stratify: Callable[[Example], str] | None = None,
    ) -> tuple[Dataset, ...]:
        """Parts of about these fractions of the rows, each in the order of the rows; none is empty.

        The choice depends on the seed and on the rows, not on their order. DatasetError where groups are too few.

        Args:
            fractions: one per part, adding up to 1.
            test_size: short for `[1 - test_size, test_size]`; 0.2 when neither is given.
            by: what stays together: rows of one fact, and rows with the same question (`fact`); rows that are the
                same (`row`); or rows for which a function gives the same text.
            seed: another seed, another split.
            stratify: a function whose values are spread over the parts in proportion, as far as groups allow.
        """
        from .editing._partition import partition, shares

        whole_number(seed, "seed")
        parts = shares(fractions, test_size)
        return tuple(self.select(indices) for indices in partition(self._rows, parts, by, seed, stratify))

    def leakage(self, other: Dataset, *, facts: bool = False) -> tuple[Finding, ...]:
        """One finding for each row that stands in `other` too, or whose question does, spelling apart.

        With `facts` also for rows whose fact has rows in `other`. Lines are those of this dataset.
        """
        from .whole._overlap import leaks

        truth(facts, "facts")
        return leaks(self._rows, self._rows_of(other, "other"), facts=facts)

    def supersede(self, *, by: Dataset) -> Supersession:
        """Drop the rows whose fact has a different answer in `by`; answers are compared normalised.

        Where a fact was derived from the last turn of a longer conversation, the conversation has to be the same
        too. What merely looks alike is kept and reported in `near_misses`.
        """
        kept, dropped, misses = split(self._rows, self._rows_of(by, "by"))
        return Supersession(self.select(kept) if dropped else self, dropped, misses)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the digests of the rows in order, in hexadecimal. Facts do not count; key order neither."""
        return watched_fingerprint(self._rows)

    @property
    def sources(self) -> tuple[str, ...]:
        """The files behind the rows, each once."""
        return tuple(dict.fromkeys(leaf.source for leaf in self._rows.leaves() if leaf.source))

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The facts in order of first appearance, each once."""
        return tuple(
            dict.fromkeys(fact or derived_fact(row) for _, row, fact in rows_of(self._rows, "reading facts"))
        )

    def answers(self) -> dict[str, frozenset[str]]:
        """The answers of each fact, as they stand in the rows."""
        found: dict[str, set[str]] = {}
        for example in self:
            found.setdefault(example.fact, set()).add(example.answer)
        return {fact: frozenset(answers) for fact, answers in found.items()}

    def by_fact(self) -> dict[str, Dataset]:
        """The rows of each fact, facts in order of first appearance."""
        places: dict[str, list[int]] = {}
        for index, example in enumerate(self):
            places.setdefault(example.fact, []).append(index)
        return {fact: self.select(indices) for fact, indices in places.items()}

    def validate(
        self,
        rules: AzureRules | None = None,
        *,
        level: str = "file",
        history: Dataset | None = None,
        validation: Dataset | None = None,
        workers: int = 1,
    ) -> ValidationReport:
        """Everything there is to say about the rows, which are read once and not kept.

        Never raises for what stands in them; DatasetError for a row of `history` that cannot be read, and a file for
        `validation` that is no JSONL. Level `rows` needs a few bytes per row, level `file` about 200 until its end.

        Args:
            rules: what to check; `AzureRules()` when not given.
            level: `rows` looks at each row alone, `file` (the default) also at all of them together, `deep` also
                for near duplicates, secrets and personal data, and counts tokens: many times slower.
            history: rows the model has learned already; adds conflicts with them.
            validation: the validation rows of the same training; adds rows and questions shared with them. What is
                wrong with them is not told: they are validated like others.
            workers: processes that share the work, with the same report in the end. One does it all where there is
                nothing to gain, or no way: for less than 1 MiB each, rows that are not one file, `history` and
                `validation`. Where processes are not forked (anywhere but on Linux, and beside threads), level
                `deep` is done by one, too, and a script needs `if __name__ == "__main__":`, as for every process pool.
        """
        rules = known_rules(rules, hint='A level is named: validate(level="deep")')
        whole_number(workers, "workers", hint="Use a number of processes, at least 1")
        learned = None if history is None else self._rows_of(history, "history")
        held_out = None if validation is None else self._rows_of(validation, "validation")
        if held_out is not None:
            refuse_foreign(held_out)
        return validate(self._rows, rules, level, learned, held_out, workers=workers)

    @staticmethod
    def _rows_of(other: Dataset, name: str) -> Rows:
        of_kind(other, Dataset, name, hint="Rows become one with Dataset.from_examples")
        return other._rows

    def repair(self, rules: AzureRules | None = None, *, off: Collection[str] = ()) -> Repaired:
        """Every safe fix to the rows, each listed; what is not safe is only suggested. No file is changed.

        Fixed are byte-order marks, line ends, blank lines, exact copies of a row with the same fact, rows of older
        forms (prompt and completion, `conversations`, `function_call`), roles and keys in another case, keys that
        are null, and white space around texts.

        Args:
            rules: what `suggestions` are looked for with; `AzureRules()` when not given.
            off: names of fixes to leave out. The repeats of a planned file are intended: `off=["duplicate-row"]`.
                Marks, line ends and blank lines are always taken out: no row has them, and nothing writes them.
        """
        from .editing._repair import repair_rows
        from .editing._repaired import Repaired

        rules = known_rules(rules, hint="Names of fixes to leave out go to off=[...]")
        rows, fixes = repair_rows(self._rows, off)
        mended = self if rows is self._rows else Dataset(rows)
        return Repaired(dataset=mended, original=self, fixes=fixes, lines=self._rows, rules=rules, off=off)

    def without_errors(self, rules: AzureRules | None = None) -> WithoutErrors:
        """The rows that the service takes (`kept`), the others (`dropped`), and what is wrong with those (`report`).

        The rows are looked at again, one by one, so it does not matter how many findings a report has kept. What
        is wrong with the file as a whole, such as too few rows, drops none. `repair()` before may leave fewer to drop.
        Raises DatasetError for a file that is no JSONL as a whole.

        Args:
            rules: what to check; `AzureRules()` when not given. Pass those that `validate` was given.
        """
        from .editing._without_errors import WithoutErrors, sifted

        rules = known_rules(rules, hint="Rows are checked again: pass the rules")
        kept, dropped = sifted(self._rows, rules)
        bad = Dataset(select(self._rows, dropped))
        return WithoutErrors(Dataset(select(self._rows, kept)) if dropped else self, bad, rules)

    def tokens(self, model: str | None = None, *, workers: int = 1) -> TokenCount:
        """Tokens billed for one epoch over these rows; `exact` says whether it is a count or an estimate.

        Exact counts need a model and the extra `tokens`; nothing is downloaded. `row_tokens` says what is counted.

        Args:
            model: whose encoding counts; None for the estimate, which is the same on every machine.
            workers: processes to count in; worth it from about ten thousand rows on.
        """
        from .tokens._counting import count_tokens

        return count_tokens(self._rows, model, workers=workers)

    def statistics(self, model: str | None = None) -> Statistics:
        """Lengths, messages, roles and scripts in numbers; tokens as `tokens(model)` counts them."""
        from .tokens._statistics import statistics_of

        return statistics_of(self._rows, model)

    def estimate_cost(
        self,
        model: str,
        *,
        n_epochs: int,
        tier: str,
        region: str | None = None,
        prices: PriceTable | None = None,
    ) -> Cost:
        """What training on these rows as they are would cost: tokens x epochs x a dated list price.

        Args:
            model: catalogue or fine-tuned model.
            n_epochs: trips through the rows.
            tier: `global`, `regional`, `datazone` or `developer`, or the service's name for it.
            region: such as `swedencentral`, where the price depends on it; without it the cost is a range.
            prices: another table than `aoai_finetune.dataset.PRICES`.

        Raises:
            NotFound: no price is known for this model, tier or region; the hint names what is known.
            DatasetError: no such tier, `n_epochs` below 1, or an argument of another kind.
        """
        from .tokens._cost import cost_of

        of_kind(model, str, "model", wanted="the name of a model")
        passes = whole_number(n_epochs, "n_epochs", least=1, hint="Assume a number where the service chooses")
        return cost_of(self.tokens(model) * passes, model, tier=tier, region=region, prices=prices)

    def write_to(self, stream: BinaryIO) -> int:
        """Write what is uploaded: canonical rows without facts, each with a line feed. Returns the bytes written."""
        return write_blocks(stream, blocks(canonical_rows(self._rows)))

    def to_bytes(self) -> bytes:
        """What `write_to` writes."""
        return b"".join(blocks(canonical_rows(self._rows)))

    @overload
    def to_jsonl(self, path: None = None, *, keep_facts: bool = False) -> str: ...
    @overload
    def to_jsonl(self, path: str | os.PathLike[str], *, keep_facts: bool = False) -> Path: ...
    def to_jsonl(self, path: str | os.PathLike[str] | None = None, *, keep_facts: bool = False) -> str | Path:
        """Canonical rows as JSONL: into a file (all or nothing; its path is returned), or as a text without a path.

        Canonical means keys in order of their letters, also inside of tools. A symbolic link is replaced, not followed.
        With `keep_facts` each row has its `fact`, which `from_jsonl` reads back; the service refuses such a file. A dataset
        whose own file is written has to be opened again.
        """
        truth(keep_facts, "keep_facts")
        lines = blocks(rows_with_facts(self) if keep_facts else canonical_rows(self._rows))
        return b"".join(lines).decode() if path is None else write_lines(path, lines)

    @override
    def __repr__(self) -> str:
        try:
            rows = f"{len(self):,} example{'s' * (len(self) != 1)}"
        except DatasetError as why:
            rows = why.message
        return f"Dataset({', '.join([rows, *map(repr, self.sources)])})"

    def show(self, n: int = 5, *, width: int = 40) -> str:
        """The first `n` rows as text, facts, questions and answers included, each cut to `width` columns."""
        from ._views import rows_text

        return rows_text(self.head(n), whole_number(width, "width", least=1))

    def to_html(self, n: int = 20) -> str:
        """The first `n` rows as an escaped HTML table, facts, questions and answers included."""
        from ._views import rows_html

        return rows_html(self.head(n))

    def _repr_html_(self) -> str:
        from ._views import dataset_html

        return dataset_html(self)
