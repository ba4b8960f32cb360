"""What a dataset looks like in numbers; nothing of any row."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_letters
from typing import Any, Final
from unicodedata import category, name

from typing_extensions import override

from ..reading._examples import rows_of
from ..rows._example import row_kind, turns
from ..rows._shape import is_list, is_object
from ..rows._sources import Rows, SourceLine
from ._tokens import Tally, TokenCount, counter_for

__all__ = ["Spread", "Statistics", "statistics_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a number is distributed over rows, by nearest rank: each value is one that occurs. Zeros without rows."""

    low: int = 0
    median: int = 0
    p95: int = 0
    high: int = 0

    @classmethod
    def of(cls, values: Iterable[int]) -> Spread:
        """The spread of some values."""
        ranked = sorted(values)
        if not ranked:
            return cls()
        at = [ranked[-(-len(ranked) * percent // 100) - 1] for percent in (50, 95)]
        return cls(low=ranked[0], median=at[0], p95=at[1], high=ranked[-1])

    @override
    def __str__(self) -> str:
        return f"min {self.low:,}, median {self.median:,}, p95 {self.p95:,}, max {self.high:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A dataset in numbers.

    Attributes:
        rows: how many.
        kinds: rows by kind (`chat`, `preference`, `reinforcement`).
        messages: messages per row.
        row_tokens: tokens per row, frame included.
        tokens: tokens of all rows: what one epoch is billed for.
        roles: messages by role.
        scripts: share of the letters by Unicode script, largest first, summing to 1. Taken from the names of the
            characters; it does not detect languages: Japanese is Hiragana, Katakana and Han together.
        longest: line of the row with the most tokens (the first of them), None without rows.
        longest_source: the file it stands in, None for rows in memory.
    """

    rows: int
    kinds: Mapping[str, int]
    messages: Spread
    row_tokens: Spread
    tokens: TokenCount
    roles: Mapping[str, int]
    scripts: Mapping[str, float]
    longest: int | None = None
    longest_source: str | None = None

    @override
    def __str__(self) -> str:
        return "\n".join(f"{key:<18} {value}" for key, value in self._facts())

    def _repr_html_(self) -> str:
        from ...display import facts, fragment

        return fragment(facts(self._facts()))

    def _facts(self) -> list[tuple[str, str]]:
        where = f", in {self.longest_source}" if self.longest_source else ""
        line = "" if self.longest is None else f" (line {self.longest:,}{where})"
        return [
            ("rows", f"{self.rows:,} ({_counts(self.kinds)})" if self.rows else "0"),
            ("messages per row", str(self.messages)),
            ("tokens per row", f"{self.row_tokens}{line}"),
            (
                "tokens per epoch",
                f"{self.tokens}, {self.tokens.overhead:,} of them the frame of rows and messages",
            ),
            ("messages by role", _counts(self.roles) or "none"),
            ("letters by script", _shares(self.scripts) or "none"),
        ]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{key} {count:,}" for key, count in counts.items())


_SHOWN: Final = 8


def _shares(shares: Mapping[str, float]) -> str:
    shown = [f"{script} {_percent(share)}" for script, share in list(shares.items())[:_SHOWN]]
    return ", ".join([*shown, "..."] if len(shares) > _SHOWN else shown)


def _percent(share: float) -> str:
    return "< 1%" if share < 0.01 else f"{share:.0%}"


def statistics_of(rows: Rows, model: str | None) -> Statistics:
    """The numbers of these rows. Raises DatasetError, with its place, at a row that cannot be used."""
    survey = _Survey(tally=Tally(counter_for(model)))
    for line, row, _ in rows_of(rows, "surveying"):
        survey.add(line, row)
    return survey.result()


@dataclass(slots=True)
class _Survey:
    """What is collected in one trip through the rows: 12 bytes per row, and a count per distinct character."""

    tally: Tally
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    turns: array[int] = field(default_factory=lambda: array("L"))
    kinds: Counter[str] = field(default_factory=Counter[str])
    roles: Counter[str] = field(default_factory=Counter[str])
    letters: Counter[str] = field(default_factory=Counter[str])
    first: dict[str, int] = field(default_factory=dict[str, int])
    longest: tuple[int, int | None, str | None] = (0, None, None)

    def add(self, line: SourceLine, row: Mapping[str, Any]) -> None:
        before = self.tally.tokens
        if not self.tally.add_plain(row):
            self.tally.add(row)
        tokens = self.tally.tokens - before
        self.lengths.append(tokens)
        if tokens > self.longest[0]:
            self.longest = (tokens, line[1], line[0].source)
        messages = list(turns(row))
        self.kinds[row_kind(row, messages)] += 1
        self.turns.append(len(messages))
        for message in messages:
            self.roles[str(message.get("role", ""))] += 1
            content: object = message.get("content")
            if isinstance(content, str):
                self._read(content)
            elif content:
                for text in _texts(content):
                    _count_letters(text, self.letters)

    def _read(self, text: str) -> None:
        """Count the letters of a text; of those that came first, which may come again and again, at the end."""
        if text in self.first:
            self.first[text] += 1
        elif len(self.first) < _REMEMBERED and len(text) < _LONG:
            self.first[text] = 1
        else:
            _count_letters(text, self.letters)

    def _letters(self) -> Counter[str]:
        for text, times in self.first.items():
            _count_letters(text, self.letters, times)
        self.first.clear()
        return self.letters

    def result(self) -> Statistics:
        return Statistics(
            rows=len(self.lengths),
            kinds=dict(self.kinds.most_common()),
            messages=Spread.of(self.turns),
            row_tokens=Spread.of(self.lengths),
            tokens=self.tally.result,
            roles=dict(self.roles.most_common()),
            scripts=_scripts(self._letters()),
            longest=self.longest[1],
            longest_source=self.longest[2],
        )


def _texts(content: object) -> Iterator[str]:
    for part in content if is_list(content) else ():
        text: object = part.get("text") if is_object(part) else None
        if isinstance(text, str):
            yield text


_REMEMBERED: Final = 256
_LONG: Final = 1 << 14
_NO_LETTERS: Final = bytes(code for code in range(128) if chr(code) not in ascii_letters)
_LATIN: Final = "a"  # stands for all letters of ASCII


def _count_letters(text: str, letters: Counter[str], times: int = 1) -> None:
    """Add the characters of a text; those of ASCII are not told apart, which is much faster."""
    if text.isascii():
        letters[_LATIN] += times * len(text.encode().translate(None, _NO_LETTERS))
    elif times > 1:
        for letter, count in Counter(text).items():
            letters[letter] += times * count
    else:
        letters.update(text)


def _scripts(letters: Counter[str]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for character, count in letters.items():
        if count and category(character)[0] == "L":
            found[_script(character)] += count
    total = found.total()
    return {script: count / total for script, count in found.most_common()}


_RENAMED: Final = {"Cjk": "Han", "Ideographic": "Han", "Katakana-hiragana": "Katakana"}
_SAID_FIRST: Final = ("FULLWIDTH ", "HALFWIDTH ", "MODIFIER LETTER ")


def _script(character: str) -> str:
    """The first word of the character's name, which is its script for nearly all letters."""
    words = name(character, "OTHER")
    for prefix in _SAID_FIRST:
        words = words.removeprefix(prefix)
    first = words.partition(" ")[0].capitalize()
    return _RENAMED.get(first, first)
