"""Writing a step into the store: one transaction of its caller, rows once however often they are trained."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ...backends import Backend
from ...continual import Parent
from ...dataset import Dataset, Example
from ...jobs import Part, Step
from ._records import method_to_text

__all__ = ["Bought", "insert_facts", "insert_step"]


class Bought(Protocol):
    """What is remembered of a step: of a plan when it is bought, of a job when it is adopted."""

    @property
    def parent(self) -> Parent:
        """What it succeeds."""
        ...

    @property
    def step(self) -> Step:
        """Its jobs, with their rows."""
        ...

    @property
    def from_base(self) -> bool:
        """It starts at the base model."""
        ...

    @property
    def strategy(self) -> str:
        """How it is trained."""
        ...

    @property
    def detail(self) -> str:
        """The same, in full."""
        ...

    @property
    def learned(self) -> Dataset:
        """The rows it adds to what is learned."""
        ...

    @property
    def visits(self) -> Mapping[str, int]:
        """How often it trains each fact."""
        ...


def insert_step(
    db: sqlite3.Connection,
    bought: Bought,
    backend: Backend,
    step: str,
    *,
    run: int,
    tokens: int | None,
) -> None:
    """Store a step with its rows."""
    able = backend.capabilities
    db.execute(
        "INSERT OR IGNORE INTO resource VALUES (?, ?, ?)", (backend.resource, able.provider, able.engine)
    )
    values = _step_values(bought) | {
        "id": step,
        "run": run,
        "tokens": tokens,
        "created_at": backend.clock.now(),
    }
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    # Column names come from literals, never from outside.
    db.execute(
        f"INSERT INTO step ({names}, seq) VALUES ({marks}, (SELECT count(*) FROM step))",  # noqa: S608
        values,
    )
    insert_facts(db, step, list(bought.learned), bought.visits)
    _insert_parts(db, bought.step.parts, step)


def insert_facts(
    db: sqlite3.Connection, step: str, rows: Sequence[Example], visits: Mapping[str, int]
) -> None:
    """Store the new rows of a step with their facts, and its visits."""
    ids = _insert_examples(db, rows)
    db.executemany(
        "INSERT INTO learned VALUES (?, ?, ?, ?)",
        ((step, position, ids[row.digest], row.fact) for position, row in enumerate(rows)),
    )
    db.executemany("INSERT INTO visit VALUES (?, ?, ?)", ((step, fact, n) for fact, n in visits.items()))


def _insert_parts(db: sqlite3.Connection, parts: Sequence[Part], step: str) -> None:
    for number, part in enumerate(parts):
        db.execute("INSERT INTO part VALUES (?, ?, ?)", (step, number, method_to_text(part.method)))
        _insert_file(db, step, number, "training", part.training)
        if part.validation is not None:
            _insert_file(db, step, number, "validation", part.validation)


def _step_values(bought: Bought) -> dict[str, Any]:
    """What a step is, by column."""
    return {
        "key": bought.step.key,
        "resource": bought.parent.resource,
        "parent": bought.parent.version,
        "base_model": bought.parent.base_model,
        "model": bought.step.model,
        "from_base": bought.from_base,
        "strategy": bought.strategy,
        "detail": bought.detail,
        "suffix": bought.step.suffix,
        "seed": bought.step.seed,
        "training_type": bought.step.training_type,
    }


def _insert_examples(db: sqlite3.Connection, rows: Iterable[Example]) -> dict[str, int]:
    """Store rows that are not there yet; digest to row id."""
    bodies = {row.digest: row.canonical for row in rows}
    db.executemany("INSERT OR IGNORE INTO example (digest, body) VALUES (?, ?)", bodies.items())
    return {
        digest: db.execute("SELECT id FROM example WHERE digest = ?", (digest,)).fetchone()["id"]
        for digest in bodies
    }


def _insert_file(db: sqlite3.Connection, step: str, part: int, role: str, rows: Dataset) -> None:
    examples = list(rows)
    ids = _insert_examples(db, examples)
    db.executemany(
        "INSERT INTO part_row VALUES (?, ?, ?, ?, ?)",
        ((step, part, role, position, ids[row.digest]) for position, row in enumerate(examples)),
    )
