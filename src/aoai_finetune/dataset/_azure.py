"""The rules of the service, put together for one model and one training method."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from typing_extensions import override

from ..errors import DatasetError
from ._catalogue import READING, RULES
from ._findings import Severity
from ._rules import Method, Rule

__all__ = ["AzureRules"]

_METHODS: tuple[Method, ...] = ("supervised", "dpo", "reinforcement")


class AzureRules:
    """What Azure OpenAI asks of a training file, and what experience adds to it.

    Args:
        model: the model to be trained; limits that depend on it will be taken from here.
        method: `supervised`, `dpo` or `reinforcement`.
        min_examples: the least number of rows; the service's is 10.
        off: codes of rules to leave out.
        extra: rules of your own, checked like the others; one with the code of a known rule takes its place.
        keep: findings kept per code; the rest is counted, so that a million broken rows stay readable.

    Raises DatasetError for a method or a code that does not exist, naming near ones.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        method: str = "supervised",
        min_examples: int = 10,
        off: Collection[str] = (),
        extra: Sequence[Rule] = (),
        keep: int = 1000,
    ) -> None:
        self.model = model
        self.method: Method = _known_method(method)
        self.min_examples = min_examples
        self.off = _known_codes(off, extra)
        self.extra = tuple(extra)
        self.keep = keep

    def describe(self) -> tuple[Rule, ...]:
        """The rules that are checked, in a fixed order: those of the library, then the extra ones."""
        replaced = {rule.code for rule in self.extra}
        rules = (*(rule for rule in RULES if rule.code not in replaced), *self.extra)
        return tuple(rule for rule in rules if self.method in rule.methods and rule.code not in self.off)

    @override
    def __repr__(self) -> str:
        return f"AzureRules(model={self.model!r}, method={self.method!r}, rules={len(self.describe())})"


def _known_method(method: str) -> Method:
    for known in _METHODS:
        if method == known:
            return known
    raise DatasetError(f"there is no training method {method!r}", hint=f"Use one of {', '.join(_METHODS)}")


def _known_codes(codes: Collection[str], extra: Sequence[Rule]) -> frozenset[str]:
    if isinstance(codes, str):
        raise DatasetError("off is a collection of codes, not one text", hint=f"Write off=[{codes!r}]")
    known = {rule.code: rule for rule in (*RULES, *extra)}
    for code in codes:
        if code not in known:
            from difflib import get_close_matches

            near = ", ".join(get_close_matches(code, known))
            raise DatasetError(f"there is no rule {code!r}", hint=f"Near names: {near}" if near else "")
        if known[code].severity is Severity.ERROR and known[code] in READING:
            raise DatasetError(
                f"rule {code!r} cannot be switched off", hint="Such a row cannot be read at all"
            )
    return frozenset(codes)
