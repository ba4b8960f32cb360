"""Heuristics for what should not be learned: secrets and personal data. A match is never shown.

Patterns miss much and name some things that are none: a finding is a reason to look, not a verdict.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from typing import Final

from ._messages import Faults, Row, all_texts
from ._space import maybe_spaced

__all__ = ["personal_data", "quiet", "secrets"]

_SECRETS: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    ("a private key", "PRIVATE KEY-----", re.compile(r"-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----")),
    ("an AWS access key", "AKIA", re.compile(r"AKIA(?<=\b....)[0-9A-Z]{16}\b")),
    ("an AWS access key", "ASIA", re.compile(r"ASIA(?<=\b....)[0-9A-Z]{16}\b")),
    ("an API key (sk-...)", "sk-", re.compile(r"sk-(?<=\b...)[A-Za-z0-9_-]{20}")),
    ("a GitHub token", "gh", re.compile(r"gh(?<=\b..)[pousr]_[A-Za-z0-9]{36}")),
    ("a GitHub token", "github_pat_", re.compile(r"github_pat_(?<=\b.{11})[A-Za-z0-9_]{22}")),
    ("a Slack token", "xox", re.compile(r"xox(?<=\b...)[abeoprs]-[A-Za-z0-9-]{10}")),
    ("a Google API key", "AIza", re.compile(r"AIza(?<=\b....)[0-9A-Za-z_-]{35}")),
    ("a storage account key", "AccountKey=", re.compile(r"AccountKey=[A-Za-z0-9+/]{40}")),
)
"""What a secret is called, letters that stand in each, and its form: it begins with letters that are soon found."""
_TOKEN: Final = string.ascii_letters + string.digits + "_-"
_TOKEN_BEGINS: Final = re.compile(r"\beyJ")
_TOKEN_GOES_ON: Final = re.compile(r"\.eyJ[A-Za-z0-9_-]{10,4000}(?=\.)")
_PASSWORD_WORDS: Final = ("passw", "key", "secret", "token")
_PASSWORD: Final = re.compile(
    r"(?i)\b(?:password|passwd|api[_-]?key|client[_-]?secret|secret[_-]?key|access[_-]?token)"
    r"['\"]?\s{0,3}[:=]\s{0,3}['\"]?[^\s'\"<>{}$]{8}"
)
_EMAIL: Final = re.compile(r"@(?<=[A-Za-z0-9._%+-]@)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_CARD: Final = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE: Final = re.compile(
    r"(?<![\d+-])(?:\+\d{1,3}[ -.]?(?:\(\d{1,4}\)[ -.]?)?\d{1,4}(?:[ .-]\d{2,4}){1,4}|0\d{1,4}-\d{1,4}-\d{3,4})(?![\d-])"
)
_SSN: Final = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_MY_NUMBER: Final = re.compile(r"(?:マイナンバー|個人番号)\D{0,20}\d{4}[ -]?\d{4}[ -]?\d{4}(?!\d)")
_NOT_PERSONAL: Final = ("example.com", "example.org", "example.net", ".example", ".invalid", ".test")
_DIGIT: Final = re.compile(r"\d")
_DIGITS: Final = string.digits.encode()
_DOUBLED: Final = {str(digit): digit * 2 - 9 * (digit > 4) for digit in range(10)}
_BASE_36: Final = str.maketrans({letter: str(int(letter, 36)) for letter in string.ascii_uppercase})
_MANY: Final = 1 << 30
_LOUD: Final = re.compile(
    b"|".join(
        [
            rb"@|\\u|\.eyJ|gh[pousr]_",
            *(re.escape(needed.encode()) for _, needed, _ in _SECRETS if needed != "gh"),
        ]
    )
)
_LOUD_WORDS: Final = tuple(word.encode() for word in _PASSWORD_WORDS)
_STRANGE: Final = bytes([*range(0xC4, 0xE2), *range(0xEA, 0xEF), *range(0xF0, 0x100)])
"""First bytes of what is neither ASCII, Latin-1, punctuation, kana, nor a Chinese character."""
_STRANGE_FORMS: Final = re.compile(b"\xe2\x84\xaa|\xef(?:\xbc[\x90-\x99]|\xbf\xbd|\xbb\xbf)")
"""A sign that is a k for patterns without case, full-width digits, and what damage leaves."""
_FORMS: Final = bytes.maketrans(
    bytes(range(256)),
    bytes(
        48 if 48 <= code < 58 else 65 if 65 <= code < 91 else code if code in b"+-" else 46
        for code in range(256)
    ),
)
"""A zero for each digit, an A for each capital, and a full stop for everything else but signs."""
_LOUD_FORMS: Final = (b"0-0", b"+0", b"AA00")
"""What numbers of telephones, people and accounts have in them."""
_LONG_NUMBER: Final = b"0" * 12
"""What those of cards and people have, if not a hyphen, without their spaces."""


def _luhn(digits: str) -> bool:
    if digits.count(digits[0]) == len(digits):
        return False
    doubled = sum(map(_DOUBLED.__getitem__, digits[-2::-2]))
    return (sum(map(int, digits[-1::-2])) + doubled) % 10 == 0


def _is_card(found: str) -> bool:
    if int(found[0]) not in {3, 4, 5, 6}:
        return False
    digits = found.replace(" ", "").replace("-", "")
    return _luhn(digits if digits.isascii() else "".join(str(int(digit)) for digit in digits))


def _is_iban(found: str) -> bool:
    joined = found.replace(" ", "")
    if not 15 <= len(joined) <= 34:
        return False
    return int((joined[4:] + joined[:4]).translate(_BASE_36)) % 97 == 1


def _is_email(found: str) -> bool:
    return not found.lower().endswith(_NOT_PERSONAL)


def _always(_found: str) -> bool:
    return True


_PERSONAL: Final[tuple[tuple[str, str, int, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("an e-mail address", "@", 0, _EMAIL, _is_email),
    ("a payment card number", "", 13, _CARD, _is_card),
    ("a bank account (IBAN)", "", 2, _IBAN, _is_iban),
    ("a telephone number", "+", 4, _PHONE, _always),
    ("a telephone number", "-", 6, _PHONE, _always),
    ("a US social security number", "-", 9, _SSN, _always),
    ("a Japanese individual number", "マイナンバー", 12, _MY_NUMBER, _always),
    ("a Japanese individual number", "個人番号", 12, _MY_NUMBER, _always),
)
"""What is personal, letters and a number of digits without which there is none, its form, and whether it is real."""


def secrets(row: Row) -> Faults:
    """Texts with something of the form of a key, a token or a password."""
    for path, text in all_texts(row):
        yield from ((path, f"heuristic: the text may hold {what}") for what in dict.fromkeys(_secret(text)))


def _secret(text: str) -> Iterator[str]:
    for what, needed, pattern in _SECRETS:
        if needed in text and pattern.search(text):
            yield what
    if ".eyJ" in text and _has_web_token(text):
        yield "a signed web token"
    if (":" in text or "=" in text) and _has_password(text):
        yield "a password or key"


def _has_web_token(text: str) -> bool:
    """Three parts, each of 10 to 4,000 letters; looked for from the middle, because dots are what is rare in it."""
    for found in _TOKEN_GOES_ON.finditer(text):
        dot = found.start()
        before = text[max(0, dot - 4003) : dot]
        begin = dot - len(before) + len(before.rstrip(_TOKEN))
        if _TOKEN_BEGINS.search(text, begin, max(begin, dot - 10)):
            return True
    return False


def _has_password(text: str) -> bool:
    folded = text.casefold()
    return any(word in folded for word in _PASSWORD_WORDS) and _PASSWORD.search(text) is not None


def personal_data(row: Row) -> Faults:
    """Texts with something of the form of an address, a number of a person, or an account."""
    for path, text in all_texts(row):
        yield from ((path, f"heuristic: the text may hold {what}") for what in dict.fromkeys(_kinds(text)))


def _kinds(text: str) -> Iterator[str]:
    digits = _digits(text)
    if digits or "@" in text:
        for what, needed, least, pattern, real in _PERSONAL:
            if (
                digits >= least
                and needed in text
                and any(real(found.group()) for found in pattern.finditer(text))
            ):
                yield what


def quiet(raw: bytes) -> bool:
    """The bytes of a row show that neither secrets, personal data, damage nor white space at an end are in its texts."""
    if _LOUD.search(raw) or maybe_spaced(raw) or not (raw.isascii() or _familiar(raw)):
        return False
    folded = raw.lower()
    for word in _LOUD_WORDS:
        if word in folded:
            return False
    forms = raw.translate(_FORMS)
    for form in _LOUD_FORMS:
        if form in forms:
            return False
    return _LONG_NUMBER not in raw.translate(_FORMS, b" ")


def _familiar(raw: bytes) -> bool:
    """No letter or digit outside of ASCII is one for the patterns, and nothing was damaged."""
    return len(raw.translate(None, _STRANGE)) == len(raw) and _STRANGE_FORMS.search(raw) is None


def _digits(text: str) -> int:
    """How many digits stand in a text; of other scripts than ours some count as many."""
    if text.isascii():
        return len(text) - len(text.encode().translate(None, _DIGITS))
    return _MANY if _DIGIT.search(text) else 0
