"""Texts compared by what they say."""

from __future__ import annotations

import re
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who leads?", "who leads"),
        ("アイプリシティチャット。", "アイプリシティ・チャット"),
        ("ＡＢＣ　１２", "abc 12"),
        ("Straße", "STRASSE"),
        ("1,234,567円です。", "1234567円です"),
        ("It costs -5", "It costs\n-5."),
        ("GPT-4", "gpt4"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
    ],
)
def test_spelling_does_not_count(one: str, other: str) -> None:
    """Width, case, punctuation, white space, thousands separators."""
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.5", "35"),
        ("1/2", "12"),
        ("-5", "5"),
        ("10:30", "1030"),
        ("5 10", "510"),
        ("1,5", "15"),
        ("10%", "10"),
        ("C#", "C"),
        ("C++", "C"),
        ("は", "ば"),
        ("?", "!"),
        ("$5", "€5"),
    ],
)
def test_what_changes_the_meaning_counts(one: str, other: str) -> None:
    """Mostly numbers."""
    assert normalise(one) != normalise(other)


TEXTS = st.text(
    st.sampled_from("aß1,.-/ 'İΐﬁ½²アｶﾞﾟ゛\u0301\u0308\u0327\u0344\u0345\u3099\ufdfa😀─") | st.characters(), max_size=60
)  # fmt: skip


@given(TEXTS)
def test_what_was_normalised_stays_as_it_is(text: str) -> None:
    """Also where marks, digits and signs meet."""
    assert normalise(normalise(text)) == normalise(text)


@given(TEXTS)
def test_a_text_says_the_same_in_either_unicode_form(text: str) -> None:
    """Composed and decomposed."""
    assert normalise(normalize("NFD", text)) == normalise(normalize("NFC", text))


@pytest.mark.parametrize("marks", ["\u0301\u0327", "\uff9e\u0301", "\u0344\u0327"])
def test_of_many_marks_the_first_are_kept(marks: str) -> None:
    """Ordering all of them takes minutes, because the time grows with the square of their number."""
    many = normalise("a" + marks * 200_000 + "b")
    assert 32 <= len(many) <= 66
    assert (normalize("NFD", many)[0], many[-1]) == ("a", "b")
    assert normalise(many) == many


def test_a_few_marks_are_all_kept() -> None:
    """As many as no language has."""
    assert normalise("a" + "\u0327" * 60) == "a" + "\u0327" * 60


@given(st.text("ab Z09123.,-_/'%#&@ \n\t\0\x7f$+=~!?", max_size=12))
def test_texts_of_ascii_are_read_like_any_others(text: str) -> None:
    """The short way for them comes to what the long one does: a letter from elsewhere changes nothing else."""
    assert normalise(text + "aé") == (normalise(text + "a") + "é")


def _plainly(text: str) -> str:
    """What `normalise` says of a text with few marks, character by character."""
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    joined = re.sub(
        r"(?<!\d)\d{1,3}(?:[,'’]\d{3})+(?!\d)", lambda found: re.sub("[,'’]", "", found[0]), folded
    )
    parts = re.split(r"((?<=\d)[\W_]+(?=\d)|(?<!\w)-(?=\d))", joined)
    for at, part in enumerate(parts):
        minus = part == "-" and not parts[at - 1][-1:].isdecimal()
        between = _loud(part, "ZC") or " " * any(map(str.isspace, part))
        parts[at] = ("−" if minus else between) if at % 2 else _loud(part)
    kept = "".join(parts) or _loud(folded, "ZC")
    return normalize("NFKC", kept)


def _loud(text: str, noise: str = "PZC") -> str:
    return "".join(letter for letter in text if category(letter)[0] not in noise or letter in "%‰#&@")


@given(st.one_of(TEXTS, st.text("ab12,.-/_' é１٣。あー−’", max_size=20)))
def test_the_short_ways_come_to_what_is_promised(text: str) -> None:
    """Wherever numbers and signs stand."""
    assert normalise(text) == _plainly(text)


def test_all_noise_is_looked_at() -> None:
    """Letters and digits, which are passed over, are none in any version of Unicode."""
    letters = (chr(point) for point in range(0x110000))
    assert not [letter for letter in letters if letter.isalnum() and category(letter)[0] in "PZC"]
