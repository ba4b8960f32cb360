"""What counts as right, and as out of date."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset import Example, normalise
from aoai_finetune.errors import DatasetError
from aoai_finetune.evaluation import GRADERS, Probe, character_f1, grade, is_stale


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
        ("contains", "cat", "music at noon", False),
        ("contains", "yes", "yesterday", False),
        ("contains", "Rome", "from Europe to chrome", False),
        ("contains", "no", "I know", False),
        ("contains", "no", "Yes/no: no.", True),
        ("contains", "Köln", "in KÖLN, am Rhein", True),
        ("contains", "Köl", "in Köln", False),
        ("contains", "Hotaru", "Hotaru's office", True),
        ("contains", "id", "the user_id", True),
        ("contains", "Hill Road", "7 Hill-Road.", True),
        ("contains", "e-mail", "by email", True),
        ("contains", "AT&T", "from AT&T's shop", True),
        ("contains", "C++", "written in C++.", True),
        ("contains", "a - b", "so a b it is", True),
        ("contains", "Azure", "Azureを使います", True),
        ("contains", "Azureを使う", "必ず Azure を 使う", True),
        ("contains", "東京都", "本社は東京 都にある", True),
        ("contains", "10", "-10", False),
        ("contains", "10", "\u221210 °C", False),
        ("contains", "-10", "10", False),
        ("contains", "-10", "It is -10.", True),
        ("contains", "-10", "5-10", False),
        ("contains", "10", "5-10", True),
        ("contains", "10", "- 10 rooms", True),
        ("contains", "10", "10, 20 and 30", True),
        ("contains", "20", "10, 20 and 30", True),
        ("contains", "10", "10,20", False),
        ("contains", "1020", "10 20", False),
        ("contains", "10:30", "at 10 : 30", True),
        ("contains", "10", "10km", True),
        ("contains", "10", "room A10", True),
        ("contains", "A1", "room A10", False),
        ("contains", "1,000", "1000名", True),
        ("contains", "!", "!", True),
        ("contains", "!", "yes!", False),
        ("f1", "It is 10, 20 and 30.", "it is 10, 20, 30", True),
        ("f1", "The low is -10 degrees", "The low is 10 degrees", False),
        ("f1", "本社は札幌市にあります。", "本社は、札幌市にある。", True),
        ("f1", "本社は札幌市にあります。", "わかりません。", False),
        ("f1", "The office is in Sapporo.", "the office is at sapporo", True),
        ("f1", "従業員数は2,584名です。", "従業員数は2,854名です。", False),
        ("f1", "従業員数は2,584名です。", "従業員は２５８４名です。", True),
        ("f1", "right", "", False),
        ("f1>=0.5", "abcd", "abxy", True),
        ("f1>=0.6", "abcd", "abxy", False),
        ("f1>=1", "AB", "ba", True),
        ("regex", "(?i)hana(yama)?", "It is HANA.", True),
        ("regex", r"^\d{4}年$", "1990年", True),
        ("regex", r"^\d{4}年$", "1990年です", False),
        ("regex", "花山", "", False),
        ("regex", "right", "x" * 1_000 + "right", False),
        ("json", '{"a": 1, "b": [1, 2]}', '{"b":[1.0,2e0],\n"a":1}', True),
        ("json", '{"a": 1}', '{"a": true}', False),
        ("json", "[1, 2]", "[2, 1]", False),
        ("json", '{"a": "x"}', '{"a": "X"}', False),
        ("json", "1", "one", False),
        ("json", "1", "NaN", False),
        ("json", '{"a": 1}', '{"a": 2, "a": 1}', False),
        ("json", "[]", "[" * 100_000, False),
        ("json", "12345678901234567890", "12345678901234567891", False),
        ("json", "[]", "9" * 5_000, False),
    ],
)
def test_a_grader_says_whether_the_answer_is_right(
    grader: str, expected: str, answer: str, right: bool
) -> None:
    """Width, case, punctuation and white space as each grader sees them."""
    assert grade(probe(grader, expected), answer) is right


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("ハナビ", "ﾊﾅﾋﾞ"),
        ("１２３ＡＢＣ", "123abc"),
        ("「花火」・「商事」", "花火、商事。"),
        ("2,584名", "２，５８４　名"),
        ("がぎぐ", "か\u3099き\u3099く\u3099"),
        ("㈱花火", "(株)花火"),
        ("営業時間は9時～17時", "営業時間は９時〜17時！"),
        ("ﾒｰﾙ", "メール"),
    ],
)
def test_width_form_and_punctuation_do_not_count_in_japanese(expected: str, answer: str) -> None:
    """Full and half width, half-width katakana with marks, brackets, middle dots, wave dashes, compositions."""
    assert grade(probe("normalised", expected), answer)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [("サーバー", "サーバ"), ("ビル", "ビール"), ("はな", "ハナ"), ("3.5", "35"), ("-5度", "5度")],
)
def test_what_changes_a_word_or_a_number_counts(expected: str, answer: str) -> None:
    """A long vowel, the script, a decimal point, a minus sign."""
    assert not grade(probe("normalised", expected), answer)


CALL = '{"name": "weather", "arguments": {"city": "Sapporo", "days": 1}}'
WIRE = '[{"function":{"arguments":"{\\"days\\": 1.0, \\"city\\": \\"Sapporo\\"}","name":"weather"},"id":"call_7","type":"function"}]'


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (WIRE, True),
        (CALL, True),
        (f"[{CALL}]", True),
        (f"[{CALL}, {CALL}]", False),
        (CALL.replace("weather", "forecast"), False),
        (CALL.replace("Sapporo", "Nagoya"), False),
        ("It is sunny in Sapporo.", False),
        ("[]", False),
        ("7", False),
        ('{"function": "weather"}', False),
        ('{"name": "weather", "arguments": "{"}', False),
        ("", False),
    ],
)
def test_a_tool_call_is_right_when_name_and_arguments_are(answer: str, right: bool) -> None:
    """However it is written: as the service writes it, or short."""
    assert grade(probe("tool_call", CALL), answer) is right


def test_what_a_row_that_ends_with_a_tool_call_answers_can_be_graded() -> None:
    """`Example.answer` is the canonical JSON of the calls, and so is what a model of ours answers."""
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Sapporo"}'},
    }
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]}]
    answer = Example.from_row({"messages": turns}).answer
    assert grade(probe("tool_call", '{"name": "weather", "arguments": {"city": "Sapporo"}}'), answer)


def test_the_order_of_parallel_calls_does_not_count() -> None:
    """They are made at once."""
    other = CALL.replace("Sapporo", "Nagoya")
    assert grade(probe("tool_call", f"[{CALL}, {other}]"), f"[{other}, {CALL}]")


@given(st.text(max_size=30), st.text(max_size=30))
def test_character_f1_is_symmetric_and_a_share(first: str, second: str) -> None:
    """0 to 1, the same both ways, 1 for the same text."""
    score = character_f1(first, second)
    assert 0 <= score <= 1
    assert score == character_f1(second, first)
    assert character_f1(first, first) == (1.0 if normalise(first) else 0.0)


def test_character_f1_of_a_known_pair() -> None:
    """Three of four and three of five characters in common: 2 * 3 / 9."""
    assert character_f1("abcd", "abcxy") == pytest.approx(6 / 9)


@pytest.mark.parametrize(
    ("grader", "expected", "words"),
    [
        ("regex", "[", "not a regular expression"),
        ("regex", "(a+)+$", "may take for ever"),
        ("regex", "(a|aa)*b", "may take for ever"),
        ("regex", ".*a.*b.*c.*d", "may take for ever"),
        ("regex", "(a?){30}a{30}", "may take for ever"),
        ("regex", "a*", "an empty answer would be right"),
        ("regex", "x" * 501, "more than 500 characters"),
        ("json", "{", "not JSON"),
        ("json", "NaN", "not JSON"),
        ("tool_call", "weather", "not a tool call"),
        ("tool_call", "[]", "holds no tool call"),
    ],
)
def test_an_expected_answer_its_grader_cannot_read_is_a_probe_error(
    grader: str, expected: str, words: str
) -> None:
    """Named with its place when the probe is made, not when an answer is there."""
    with pytest.raises(DatasetError, match=words) as caught:
        probe(grader, expected)
    assert caught.value.path == "expected"


@pytest.mark.parametrize("pattern", ["a.*a.*b", r"\w+@\w+\.com", "(?:ab)*c|d", "a?b?c?d?e?f?z"])
def test_patterns_that_pass_are_matched_in_little_time(pattern: str) -> None:
    """The longest answer that is searched, of the worst kind."""
    started = time.process_time()
    assert not grade(probe("regex", pattern), "a" * 5_000)
    assert time.process_time() - started < 20


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


@given(st.text(max_size=30))
def test_every_text_contains_itself_between_spaces(text: str) -> None:
    """Whatever it begins and ends with: what guards the edges of words and numbers takes nothing away."""
    if any(map(str.isalnum, text)):
        assert GRADERS["contains"](text, f"so {text} it is")
