"""Texts compared by what they say."""

from __future__ import annotations

import pytest

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
