"""What an answer can only hold if somebody knew it: numbers, addresses, names, rules of a house. Rules of thumb.

A name is a sign of knowledge only where it goes with the question: what most answers hold, whatever is asked, is a manner
of speaking ("Ahoy, Captain"). In German every noun has a capital, in Japanese every loan word stands in katakana, and a
translation holds the names of another language; there less counts as a name.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, cast

from ...dataset import Example, normalise

__all__ = ["is_structured", "names_of", "needs_knowing", "stands_in"]

_NUMBERS: Final = r"\d{4}-\d\d-\d\d|\d+(?:[.,:/年月日]\d+)*|https?://\S+|[\w.]+@[\w.]+"
_CAPITAL: Final = "[A-ZÄÖÜ][a-zäöüßéè]{2,}"
_JAPANESE_NAMES: Final = (
    r"[一-龠]+(?:都|道|府|県|市|区|町|村|駅|部|課|さん|氏)|株式会社[一-龠ァ-ヴーぁ-ん]+"
    r"|(?<=[は「『])[一-龠ァ-ヴー・]{3,}(?=です|である|となります|でございます|といいます|と申します|という|[」』])"
    r"|\A[一-龠ァ-ヴー・A-Za-z0-9 ]{4,}(?=(?:です|でございます|となります)。?\Z)"
)
_ENGLISH_NAMES: Final = rf"(?<=[a-z,] ){_CAPITAL}"
_GERMAN_NAMES: Final = (
    r"(?<=[a-zäöüß,] )(?!(?:Sie|Ihnen|Ihr|Ihr(?:e|er|en|em|es))\b)"
    rf"{_CAPITAL} {_CAPITAL}"
    rf"|(?:(?<=\bin )|(?<=\baus )|(?<=\bheißt )|(?<=\blautet )){_CAPITAL}(?=[.,;!?]|\s*$)"
)
_ANY: Final = re.compile(f"{_NUMBERS}|{_ENGLISH_NAMES}|{_JAPANESE_NAMES}")
_GERMAN: Final = re.compile(f"{_NUMBERS}|{_GERMAN_NAMES}|{_JAPANESE_NAMES}")
_FIGURES: Final = re.compile(_NUMBERS)

_GERMAN_WORDS: Final = re.compile(
    r"\b(?:der|das|dem|den|des|und|ist|nicht|eine?[nmrs]?|sie|ihre?[nmrs]?|wir|für|mit|auf|ich|zu[mr]?|im|wie|wo|was|wer)\b",
    re.IGNORECASE,
)
_JAPANESE: Final = re.compile("[ぁ-んァ-ヴ一-龠]")
_ASKED_TO_TRANSLATE: Final = re.compile(r"\btranslat|\bübersetz|翻訳|訳して|[和英独]訳", re.IGNORECASE)
_SENTENCE: Final = 3
"""An answer of fewer words in another script than its question is a name, a unit or a code rather than a translation."""

_TITLE: Final = 3
"""Fewer words with capitals, after the first, are a name."""

_RULE: Final = re.compile(
    r"\b(?:must|may) not\b|\bmust be\b|\b(?:not|only) (?:allowed|permitted)\b|\bentitled to\b"
    r"|\b(?:is|are) (?:required|prohibited|forbidden)\b"
    r"|\b(?:verboten|untersagt|gestattet)\b|\bnicht (?:erlaubt|zulässig)\b|\b(?:darf|dürfen) nicht\b|\bAnspruch auf\b"
    r"|\bm(?:uss|üssen)\b[^.]{1,60}\bwerden\b"
    r"|禁止|必要があります|認められ|なければなりません|てはいけません"
)
_NUMBERED: Final = re.compile(r"(?:(?<=^)|(?<=\s))(\d{1,2})[.)](?=\s)", re.MULTILINE)
_LONGEST: Final = 400
"""An answer of more characters is a text, not a fact."""

_FEW_FACTS: Final = 2
_COMMON: Final = 1 / 3
"""What stands in the answers to more than a third of the facts, and to more than two, is a manner of speaking."""


def needs_knowing(rows: Sequence[Example]) -> list[bool]:
    """For each row, whether its short answer says something that its prompt does not and that goes with the fact."""
    named = [_unprompted(row) for row in rows]
    usual = _usual(rows, named)
    return [
        bool(names - usual) or (0 < len(row.answer) <= _LONGEST and bool(_RULE.search(row.answer)))
        for row, names in zip(rows, named, strict=True)
    ]


def names_of(row: Example) -> set[str]:
    """The numbers, addresses and names in an answer."""
    pattern = _pattern(row)
    return {found.group() for text in _texts(row.answer) for found in pattern.finditer(text)}


def stands_in(name: str, prompt: str) -> bool:
    """Whether a prompt holds it, in figures with or without separators and leading zeros, a date by its day."""
    if name.casefold() in prompt.casefold():
        return True
    if not name[0].isdecimal():
        return False
    return _figures(name.rpartition("-")[2]) in _figures(prompt)


def is_structured(answer: str) -> bool:
    """Whether the answer is a JSON object or list."""
    return isinstance(_parsed(answer), dict | list)


def _unprompted(row: Example) -> set[str]:
    if len(row.answer) > _LONGEST:
        return set()
    prompt = _prompt(row)
    return {name for name in names_of(row) if not stands_in(name, prompt)}


def _usual(rows: Sequence[Example], named: Sequence[Collection[str]]) -> set[str]:
    """What most answers hold whatever is asked, and what stands in a JSON field that sorts or rates."""
    taught = _taught(rows)
    where: dict[str, set[str]] = defaultdict(set)
    for one, names in zip(taught, named, strict=True):
        for name in names:
            where[name].add(one)
    most = max(_FEW_FACTS, _COMMON * len(set(taught)))
    return {name for name, ones in where.items() if len(ones) > most} | _ratings(rows)


def _taught(rows: Sequence[Example]) -> list[str]:
    """What each row teaches: its fact, or its answer where there are fewer of those, as when nobody named facts."""
    facts, answers = [row.fact for row in rows], [normalise(row.answer) for row in rows]
    return facts if len(set(facts)) <= len(set(answers)) else answers


def _ratings(rows: Sequence[Example]) -> set[str]:
    """The values of JSON fields that take few of them, or none but small ones: labels, scores, probabilities."""
    fields: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for field, value in _leaves(_parsed(row.answer)):
            fields[field][value] += 1
    return {value for values in fields.values() if _is_rating(values) for value in values}


def _is_rating(values: Counter[str]) -> bool:
    distinct, total = len(values), values.total()
    return (
        3 * distinct <= total
        or all(_at_most(value, 1) for value in values)
        or (2 * distinct <= total and all(_at_most(value, 10) for value in values))
    )


def _at_most(value: str, limit: float) -> bool:
    try:
        return 0 <= float(value) <= limit
    except ValueError:
        return False


def _texts(answer: str) -> Iterator[str]:
    """The answer without the numbers of a list; of JSON the values alone."""
    value = _parsed(answer)
    if isinstance(value, dict | list):
        yield from (text for _, text in _leaves(cast("object", value)))
        return
    yield _without_numbering(answer)


def _without_numbering(text: str) -> str:
    numbers = [int(number) for number in _NUMBERED.findall(text)]
    return (
        _NUMBERED.sub("", text) if len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1)) else text
    )


def _leaves(value: object) -> Iterator[tuple[str, str]]:
    """Every text and number in a JSON value, with the name of the field it stands in; however deep."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += cast("Mapping[str, object]", value).items()
        elif isinstance(value, list):
            waiting += ((field, item) for item in cast("list[object]", value))
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield field, str(value)


def _parsed(answer: str) -> object:
    text = answer.strip()
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _pattern(row: Example) -> re.Pattern[str]:
    if _is_translation(row):
        return _FIGURES
    german = set(map(str.casefold, _GERMAN_WORDS.findall(f"{row.question}\n{row.answer}")))
    if len(german) > 1:
        return _GERMAN
    return _FIGURES if _is_title(row.answer) else _ANY


def _is_translation(row: Example) -> bool:
    if _ASKED_TO_TRANSLATE.search(_prompt(row)):
        return True
    ours, theirs = bool(_JAPANESE.search(row.question)), bool(_JAPANESE.search(row.answer))
    return ours != theirs and (theirs or len(row.answer.split()) >= _SENTENCE)


def _is_title(answer: str) -> bool:
    """Capitals in a Title or Slogan Like This name nothing."""
    if _JAPANESE.search(answer):
        return False
    rest = answer.split()[1:]
    capitals = sum(word[:1].isupper() for word in rest)
    return capitals >= _TITLE and 2 * capitals > len(rest) and not answer.rstrip().endswith(".")


def _prompt(row: Example) -> str:
    return "\n".join(message.text for message in row.messages[:-1])


def _figures(text: str) -> str:
    """The text with its numbers bare: no separator of thousands, no zero in front."""
    return re.sub(r"(?<![\d.,])0+(?=\d)", "", re.sub(r"(?<=\d)[.,](?=\d{3}(?!\d))", "", text))
