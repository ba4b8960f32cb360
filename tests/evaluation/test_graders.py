"""What counts as right, and as out of date."""

from __future__ import annotations

import pytest

from aoai_finetune.evaluation import GRADERS, Probe, grade, is_stale


def probe(grader: str, *expected: str, stale: tuple[str, ...] = ()) -> Probe:
    """A probe with this grader."""
    return Probe(fact="f", question="q?", expected=expected, stale=stale, grader=grader)


@pytest.mark.parametrize(
    ("grader", "expected", "answer", "right"),
    [
        ("exact", "ＡＢＣ", " ＡＢＣ\n", True),
        ("exact", "ＡＢＣ", "ABC", False),
        ("normalised", "ＡＢＣです。", "abcです", True),
        ("normalised", "2,584名", "2584 名", True),
        ("normalised", "3.5", "35", False),
        ("contains", "札幌市", "本社は札幌市にあります。", True),
        ("contains", "札幌市", "本社は仙台市にあります。", False),
        ("contains", "10", "100名です", False),
        ("contains", "10", "10.5です", False),
        ("contains", "10", "10名です", True),
        ("contains", "名は10", "社員名は10。", True),
        ("normalised", "right", "", False),
        ("contains", "right", "", False),
    ],
)
def test_a_grader_says_whether_the_answer_is_right(
    grader: str, expected: str, answer: str, right: bool
) -> None:
    """Width, case, punctuation and white space as each grader sees them."""
    assert grade(probe(grader, expected), answer) is right


def test_any_expected_answer_is_enough() -> None:
    """Several right answers may be listed."""
    assert grade(probe("exact", "a", "b"), "b")


def test_an_outdated_answer_is_stale() -> None:
    """It is compared with the probe's own grader."""
    assert is_stale(probe("normalised", "new", stale=("old",)), "OLD.")


def test_a_wrong_answer_that_was_never_right_is_not_stale() -> None:
    """Stale means out of date, not wrong."""
    assert not is_stale(probe("normalised", "new", stale=("old",)), "something else")


def test_a_right_answer_that_mentions_the_outdated_one_is_not_stale() -> None:
    """`Mori, formerly Hana` is right today."""
    assert not is_stale(probe("contains", "Mori", stale=("Hana",)), "Mori, formerly Hana")


def test_nothing_with_words_is_contained_in_every_answer() -> None:
    """A grader asked directly finds an empty text nowhere."""
    assert not GRADERS["contains"](" ", "anything")
