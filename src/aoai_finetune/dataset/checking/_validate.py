"""Which rules are checked, on what, and in how many processes."""

from __future__ import annotations

from ...errors import DatasetError
from ..checks._rule import Level, Rule, Settings, ValidationRows
from ..rows._arguments import of_kind
from ..rows._sources import LineRows, Rows
from ..rules._azure import AzureRules
from ..shortcuts._plain_methods import TEXTS
from ..whole._service import size_of
from ._pass import Pass
from ._report import ValidationReport

__all__ = ["pass_over", "validate"]

_LEVELS: tuple[Level, ...] = ("rows", "file", "deep")


def validate(
    rows: Rows,
    rules: AzureRules,
    level: str,
    history: Rows | None,
    validation: Rows | None = None,
    *,
    workers: int = 1,
) -> ValidationReport:
    """Check all rows against the rules of a level; never raises for what stands in the rows."""
    hint = f"Use one of {', '.join(_LEVELS)}"
    of_kind(level, str, "level", wanted="the name of a level", hint=hint)
    if level not in _LEVELS:
        raise DatasetError(f"there is no level {level!r}", hint=hint)
    if workers < 1:
        raise DatasetError(f"workers is {workers}", hint="Use a number of processes, at least 1")
    settings = Settings(
        min_examples=rules.min_examples,
        history=None if level == "rows" else history,
        limits={limit.name: limit.value for limit in rules.limits},
        model=rules.model,
        n_epochs=rules.n_epochs,
        rows=rows,
        size=size_of(rows),
        method=rules.method,
        validation=None if validation is None or level == "rows" else _held_out(validation),
    )
    names = {leaf.source for leaf in rows.leaves()}
    whole = names.pop() if len(names) == 1 else None
    if workers > 1 and isinstance(rows, LineRows):
        from ._parts import read_in_parts

        done = read_in_parts(rows, rules, level, settings, workers)
        if done is not None:
            return done.report(whole)
    check = pass_over(rules, level, settings)
    check.read(rows)
    return check.report(whole)


def pass_over(rules: AzureRules, level: str, settings: Settings) -> Pass:
    """A pass that checks the rules of a level."""
    levels = _LEVELS[: _LEVELS.index(level) + 1]
    active = [rule for rule in rules.describe() if rule.level in levels and _applies(rule, settings)]
    # What the shortcuts cannot promise: rules of the user, and those that look into texts.
    always = [rule for rule in active if rule.row and (rule.level == "deep" or rule in rules.extra)]
    shaped = not any(rule.row for rule in rules.extra)
    return Pass(active, always, settings, rules.keep, texts=TEXTS[rules.method], shaped=shaped)


def _applies(rule: Rule, settings: Settings) -> bool:
    if rule.needs_history and settings.history is None:
        return False
    return settings.validation is not None or not rule.needs_validation


def _held_out(rows: Rows) -> ValidationRows:
    """What validation rows hold; those that cannot be used hold nothing."""
    from ..reading._examples import usable_row
    from ..rows._example import digest_of
    from ..whole._overlap import question_key

    found = [row for line in rows.scan() if (row := usable_row(line)) is not None]
    questions = {key for row in found if (key := question_key(row))}
    return ValidationRows(frozenset(map(digest_of, found)), frozenset(questions))
