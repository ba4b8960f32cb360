"""Heuristics for what should not be learned: secrets and personal data. A match is never shown.

Patterns miss much and name some things that are none: a finding is a reason to look, not a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ._hidden import texts
from ._messages import Faults, Row

__all__ = ["personal_data", "secrets"]

_SECRETS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("an API key (sk-...)", re.compile(r"\bsk-[A-Za-z0-9_-]{20,200}")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,200}")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("a signed web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.")),
    ("a storage account key", re.compile(r"AccountKey=[A-Za-z0-9+/]{40,200}={0,2}")),
    (
        "a password or key",
        re.compile(
            r"(?i)\b(?:password|passwd|api[_-]?key|client[_-]?secret|secret[_-]?key|access[_-]?token)"
            r"['\"]?\s{0,3}[:=]\s{0,3}['\"]?[^\s'\"<>{}$]{8,200}"
        ),
    ),
)
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_CARD: Final = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE: Final = re.compile(
    r"(?<![\d+-])(?:\+\d{1,3}[ -.]?(?:\(\d{1,4}\)[ -.]?)?\d{1,4}(?:[ .-]\d{2,4}){1,4}|0\d{1,4}-\d{1,4}-\d{3,4})(?![\d-])"
)
_SSN: Final = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_MY_NUMBER: Final = re.compile(r"(?:マイナンバー|個人番号)\D{0,20}\d{4}[ -]?\d{4}[ -]?\d{4}(?!\d)")
_NOT_PERSONAL: Final = ("example.com", "example.org", "example.net", ".example", ".invalid", ".test")


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    total = sum(map(int, digits[-1::-2])) + sum(number - 9 if number > 9 else number for number in doubled)
    return total % 10 == 0 and len(set(digits)) > 1


def _is_card(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    return digits[0] in "3456" and _luhn(digits)


def _is_iban(found: str) -> bool:
    joined = found.replace(" ", "")
    turned = joined[4:] + joined[:4]
    return 15 <= len(joined) <= 34 and int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _is_email(found: str) -> bool:
    return not found.lower().endswith(_NOT_PERSONAL)


def _always(_found: str) -> bool:
    return True


_PERSONAL: Final[tuple[tuple[str, str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("an e-mail address", "@", _EMAIL, _is_email),
    ("a payment card number", "", _CARD, _is_card),
    ("a bank account (IBAN)", "", _IBAN, _is_iban),
    ("a telephone number", "", _PHONE, _always),
    ("a US social security number", "-", _SSN, _always),
    ("a Japanese individual number", "", _MY_NUMBER, _always),
)


def secrets(row: Row) -> Faults:
    """Texts with something of the form of a key, a token or a password."""
    for path, text in texts(row):
        for what, pattern in _SECRETS:
            if pattern.search(text):
                yield path, f"heuristic: the text may hold {what}"


def personal_data(row: Row) -> Faults:
    """Texts with something of the form of an address, a number of a person, or an account."""
    for path, text in texts(row):
        yield from ((path, f"heuristic: the text may hold {what}") for what in _kinds(text))


def _kinds(text: str) -> Iterator[str]:
    for what, needed, pattern, real in _PERSONAL:
        if needed in text and any(real(found.group()) for found in pattern.finditer(text)):
            yield what
