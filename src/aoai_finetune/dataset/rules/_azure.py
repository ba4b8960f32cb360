"""The rules of the service, put together for one model and one training method."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from typing_extensions import override

from ...errors import DatasetError
from ..checks._rule import Method, Rule
from ..rows._arguments import each_of_kind, of_kind, whole_number
from ._limits import Limit, limits_of

__all__ = ["AzureRules", "known_rules"]

_METHODS: tuple[Method, ...] = ("supervised", "dpo", "reinforcement")


class AzureRules:
    """What Azure OpenAI asks of a training file, and what experience adds to it.

    Args:
        model: the model to be trained, or one that was made from it; limits that depend on it are its own.
            Without it they are the most that any known model takes.
        method: `supervised`, `dpo` or `reinforcement`.
        min_examples: the least number of rows; the service's is 10. Short for `limits={"examples": ...}`.
        limits: other numbers for the limits of the service, by name; `rules.limits` lists them.
        n_epochs: how often the rows will be gone through, for the limit of tokens times epochs. Unknown counts as 1.
        off: codes of rules to leave out.
        extra: rules of your own, checked like the others; one with the code of a known rule takes its place. What
            a check of yours raises becomes a finding of its rule.
        keep: findings kept per code, at least one; the rest is counted, so that a million broken rows stay readable.

    Raises DatasetError for a method, a limit or a code that does not exist, naming near ones, for numbers below 1, and
    for an argument of another kind.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        method: str = "supervised",
        min_examples: int | None = None,
        limits: Mapping[str, int] | None = None,
        n_epochs: int | None = None,
        off: Collection[str] = (),
        extra: Sequence[Rule] = (),
        keep: int = 1000,
    ) -> None:
        of_kind(model, str | None, "model", wanted="the name of a model")
        self.model = model
        self.method: Method = _known_method(method)
        self._limits = limits_of(model, _overrides(limits, min_examples))
        self.n_epochs = None if n_epochs is None else whole_number(n_epochs, "n_epochs", least=1)
        self.extra = _own(extra)
        self.off = _known_codes(off, extra)
        self.keep = whole_number(keep, "keep", least=1)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The numbers that hold, each with its source and date, in a fixed order."""
        return tuple(self._limits.values())

    @property
    def min_examples(self) -> int:
        """The least number of rows."""
        return self._limits["examples"].value

    def describe(self) -> tuple[Rule, ...]:
        """The rules that are checked, in a fixed order: those of the library, then the extra ones."""
        return self._rules

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        from ._catalogue import rules_with

        replaced = {rule.code for rule in self.extra}
        known = rules_with(self._limits, self.model)
        rules = (*(rule for rule in known if rule.code not in replaced), *self.extra)
        return tuple(rule for rule in rules if self.method in rule.methods and rule.code not in self.off)

    @override
    def __getstate__(self) -> dict[str, Any]:
        """Without the rules that were put together: they are checks, which do not pickle, and are made again."""
        return {name: value for name, value in vars(self).items() if name != "_rules"}

    @override
    def __repr__(self) -> str:
        return f"AzureRules(model={self.model!r}, method={self.method!r}, rules={len(self.describe())})"


def _overrides(limits: Mapping[str, int] | None, min_examples: int | None) -> dict[str, int]:
    hint = 'Give numbers by the names of limits: limits={"examples": 20}'
    of_kind(limits, Mapping | None, "limits", wanted="a mapping", hint=hint)
    found = dict(limits or {})
    if min_examples is not None:
        found["examples"] = whole_number(min_examples, "min_examples", least=1)
    return found


def _known_method(method: str) -> Method:
    of_kind(method, str, "method", wanted="the name of a method", hint=f"Use one of {', '.join(_METHODS)}")
    for known in _METHODS:
        if method == known:
            return known
    raise DatasetError(f"there is no training method {method!r}", hint=f"Use one of {', '.join(_METHODS)}")


def _own(extra: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules of the user's; those that have the check of a known one are known, too."""
    if not extra:
        return ()
    each_of_kind(extra, Rule, "extra", wanted="a list of rules", hint="Write extra=[Rule(...)]")
    from ._catalogue import all_rules
    from ._own import check_rule, own_rule

    for rule in extra:
        check_rule(rule)
    known = {id(check) for rule in all_rules() for check in (rule.row, rule.file) if check}
    return tuple(rule if known & {id(rule.row), id(rule.file)} else own_rule(rule) for rule in extra)


def _known_codes(codes: Collection[str], extra: Sequence[Rule]) -> frozenset[str]:
    if isinstance(codes, str):
        raise DatasetError("off is one text, not a list of codes", hint=f"Write off=[{codes!r}]")
    if not codes:
        return frozenset()
    each_of_kind(codes, str, "off", wanted="a list of codes", hint='Write off=["few-phrasings"]')
    from ..rows._findings import Severity
    from ._catalogue import READING, all_rules

    known = {rule.code: rule for rule in (*all_rules(), *extra)}
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


def known_rules(rules: AzureRules | None, *, hint: str) -> AzureRules:
    """Those given, or the default ones. DatasetError for anything else."""
    if rules is None:
        return AzureRules()
    of_kind(rules, AzureRules, "rules", hint=hint)
    return rules
