"""Facts in and out of the store: steps with their rows, versions, answers, comparisons, promotions."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...backends import Backend, Completion
from ...continual import TrainingPlan
from ...dataset import Dataset, Example, canonical_json
from ...errors import LineageError
from ...jobs import Part, Step
from ._journal import read_intent
from ._records import ModelVersion, Promotion, method_from_text
from ._steps import Bought, insert_facts, insert_step
from ._store import Store

__all__ = ["Ledger", "prompt_key"]

_VERSION = """
SELECT v.*, s.base_model, s.resource, s.parent, s.strategy, s.from_base, s.suffix, (
  SELECT sum(json_extract(i.job, '$.trained_tokens')) FROM intent i
  WHERE i.step = s.id AND i.state = 'settled' AND json_extract(i.job, '$.status') = 'succeeded'
) AS trained_tokens
FROM version v JOIN step s ON s.id = v.step
"""


class Ledger:
    """What is remembered. Every write is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- steps ---------------------------------------------------------------------------------------------

    def begin(self, plan: TrainingPlan, backend: Backend, *, again: bool) -> str:
        """The id of the step that buys this plan: the one that exists with its key, or a new one.

        Of several runs the latest whose job was not lost counts, so a cancelled `again=True` buys nothing anew.
        """
        key = plan.step.key
        with self._store.write() as db:
            runs = db.execute("SELECT id FROM step WHERE key = ? ORDER BY run DESC", (key,)).fetchall()
            if runs and not again:
                bought = [row["id"] for row in runs if self._is_live(db, row["id"])]
                return str(bought[0] if bought else runs[0]["id"])
            step = hashlib.sha256(f"{key} {len(runs)}".encode()).hexdigest()[:12]
            tokens = plan.tokens.tokens if plan.tokens else None
            insert_step(db, plan, backend, step, run=len(runs), tokens=tokens)
            return step

    def adopt(self, bought: Bought, backend: Backend, job_id: str) -> str:
        """The id of the step that a job of the resource is, which nobody bought here; a job has one step only."""
        step = hashlib.sha256(f"adopted {backend.resource} {job_id}".encode()).hexdigest()[:12]
        with self._store.write() as db:
            if db.execute("SELECT 1 FROM step WHERE id = ?", (step,)).fetchone() is None:
                runs = db.execute("SELECT id FROM step WHERE key = ?", (bought.step.key,)).fetchall()
                insert_step(db, bought, backend, step, run=len(runs), tokens=None)
        return step

    def _is_live(self, db: sqlite3.Connection, step: str) -> bool:
        rows = db.execute("SELECT * FROM intent WHERE step = ?", (step,))
        return any(read_intent(row).live for row in rows)

    def relabel(self, step: str, rows: Dataset) -> None:
        """Give the learned rows of a step the facts they have in `rows`.

        Raises:
            LineageError: these are other rows, or in another order.
        """
        new = list(rows)
        old = list(self.learned(step))
        if [row.digest for row in new] != [row.digest for row in old]:
            raise LineageError(
                "these are not the rows the version learned", hint="Give the same rows in order"
            )
        names = {before.fact: after.fact for before, after in zip(old, new, strict=True)}
        visits: dict[str, int] = {}
        for fact, count in self._stored_visits(step).items():
            name = names.get(fact, fact)
            visits[name] = visits.get(name, 0) + count
        with self._store.write() as db:
            db.execute("DELETE FROM learned WHERE step = ?", (step,))
            db.execute("DELETE FROM visit WHERE step = ?", (step,))
            insert_facts(db, step, new, visits)

    def step_ids(self) -> tuple[str, ...]:
        """All steps, in the order they were asked for."""
        return tuple(row["id"] for row in self._read("SELECT id FROM step ORDER BY seq"))

    def resource_of(self, step: str) -> str:
        """Where a step was bought."""
        (row,) = self._read("SELECT resource FROM step WHERE id = ?", step)
        return str(row["resource"])

    def step(self, step: str) -> Step:
        """A step as it was planned, with all rows of its files."""
        (row,) = self._read("SELECT * FROM step WHERE id = ?", step)
        parts = [
            Part(
                training=self._file(step, part["number"], "training"),
                validation=self._file(step, part["number"], "validation") or None,
                method=method_from_text(part["method"]),
            )
            for part in self._read("SELECT * FROM part WHERE step = ? ORDER BY number", step)
        ]
        return Step(
            model=row["model"],
            parts=tuple(parts),
            suffix=row["suffix"],
            seed=row["seed"],
            training_type=row["training_type"],
            scope=f"{row['resource']} {row['parent'] or ''}",
        )

    def part_count(self, step: str) -> int:
        """How many consecutive jobs a step has."""
        (row,) = self._read("SELECT count(*) AS parts FROM part WHERE step = ?", step)
        return int(row["parts"])

    def learned(self, step: str) -> Dataset:
        """The new rows of a step, with their facts."""
        rows = self._read(
            "SELECT e.body, l.fact FROM learned l JOIN example e ON e.id = l.example"
            " WHERE l.step = ? ORDER BY l.position",
            step,
        )
        return Dataset.from_examples([Example.from_canonical(row["body"], fact=row["fact"]) for row in rows])

    def visits(self, step: str) -> dict[str, int]:
        """Row visits per fact of a step; epochs that the service chose are taken from its job."""
        chosen = self._chosen_epochs(step)
        return {fact: count * chosen for fact, count in self._stored_visits(step).items()}

    def _stored_visits(self, step: str) -> dict[str, int]:
        rows = self._read("SELECT fact, visits FROM visit WHERE step = ?", step)
        return {row["fact"]: row["visits"] for row in rows}

    def _chosen_epochs(self, step: str) -> int:
        rows = self._read(
            "SELECT json_extract(i.job, '$.hyperparameters.n_epochs') AS epochs FROM intent i"
            " JOIN part p ON p.step = i.step AND p.number = i.part"
            " WHERE i.step = ? AND i.state = 'settled' AND json_extract(p.method, '$.n_epochs') = 'auto'",
            step,
        )
        epochs = [row["epochs"] for row in rows if isinstance(row["epochs"], int) and row["epochs"] > 0]
        return epochs[-1] if epochs else 1

    def intents(self) -> list[sqlite3.Row]:
        """All intents with the resource of their step, oldest first."""
        return self._read("SELECT i.*, s.resource FROM intent i JOIN step s ON s.id = i.step ORDER BY i.seq")

    def engine_of(self, resource: str) -> str | None:
        """The simulated learner of a resource, None on a real service or an unknown resource."""
        rows = self._read("SELECT engine FROM resource WHERE id = ?", resource)
        return rows[0]["engine"] if rows else None

    # -- versions and aliases ------------------------------------------------------------------------------

    def versions(self) -> tuple[ModelVersion, ...]:
        """All versions, oldest first."""
        return tuple(map(_version, self._read(_VERSION + " ORDER BY v.seq")))

    def aliases(self) -> dict[str, str]:
        """Alias to version id."""
        rows = self._read("SELECT alias, version FROM promotion ORDER BY id")
        return {row["alias"]: row["version"] for row in rows}

    def promotions(self) -> tuple[Promotion, ...]:
        """Every move of an alias, oldest first."""
        rows = self._read("SELECT * FROM promotion ORDER BY id")
        return tuple(
            Promotion(
                alias=row["alias"],
                version=row["version"],
                because=row["because"],
                comparison=row["comparison"],
                created_at=row["created_at"],
            )
            for row in rows
        )

    def promote(
        self, alias: str, version: str, *, because: str | None, now: float, check: Callable[[], int | None]
    ) -> None:
        """Point an alias to a version.

        `check` runs inside the transaction; it refuses by raising, or returns the comparison that allows it.
        """
        with self._store.write() as db:
            comparison = check()
            db.execute(
                "INSERT INTO promotion (alias, version, because, comparison, created_at) VALUES (?, ?, ?, ?, ?)",
                (alias, version, because, comparison, now),
            )

    # -- answers and comparisons ---------------------------------------------------------------------------

    def answer(self, resource: str, model: str, prompt: str, sampling: str) -> Completion | None:
        """A stored answer, and how it ended."""
        rows = self._read(
            "SELECT content, finish_reason FROM answer"
            " WHERE resource = ? AND model = ? AND prompt = ? AND sampling = ?",
            resource,
            model,
            prompt,
            sampling,
        )
        if not rows:
            return None
        return Completion(content=rows[0]["content"], model=model, finish_reason=rows[0]["finish_reason"])

    def keep_answer(
        self, resource: str, model: str, prompt: str, sampling: str, answer: Completion, now: float
    ) -> None:
        """Store an answer; the first one for a question is kept."""
        with self._store.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
                (resource, model, prompt, sampling, answer.content, answer.finish_reason, now),
            )

    def keep_comparison(
        self, champion: str, challenger: str, probes: str, verdict: str, body: str, now: float
    ) -> None:
        """Store a comparison."""
        with self._store.write() as db:
            db.execute(
                "INSERT INTO comparison (champion, challenger, probes, verdict, body, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (champion, challenger, probes, verdict, body, now),
            )

    def comparisons(self, *, challenger: str, champion: str | None = None) -> list[sqlite3.Row]:
        """Stored comparisons of a challenger, newest first."""
        return self._read(
            "SELECT * FROM comparison WHERE challenger = ? AND (? IS NULL OR champion = ?) ORDER BY id DESC",
            challenger,
            champion,
            champion,
        )

    def verdicts(self) -> list[dict[str, Any]]:
        """All stored comparisons without their answers, oldest first."""
        rows = self._read(
            "SELECT champion, challenger, probes, verdict, created_at FROM comparison ORDER BY id"
        )
        return [dict(row) for row in rows]

    # -- inside --------------------------------------------------------------------------------------------

    def _read(self, query: str, *values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 - whatever SQLite binds
        return self._store.read(query, *values)

    def _file(self, step: str, part: int, role: str) -> Dataset:
        rows = self._read(
            "SELECT e.body FROM part_row p JOIN example e ON e.id = p.example"
            " WHERE p.step = ? AND p.part = ? AND p.role = ? ORDER BY p.position",
            step,
            part,
            role,
        )
        return Dataset.from_examples([Example.from_canonical(row["body"], fact="") for row in rows])


def _version(row: sqlite3.Row) -> ModelVersion:
    return ModelVersion(
        id=row["id"],
        model=row["model"],
        base_model=row["base_model"],
        resource=row["resource"],
        parent=row["parent"],
        step=row["step"],
        strategy=row["strategy"],
        from_base=bool(row["from_base"]),
        job_id=row["job_id"],
        suffix=row["suffix"],
        trained_tokens=row["trained_tokens"],
        created_at=row["created_at"],
    )


def prompt_key(messages: Sequence[Mapping[str, Any]]) -> str:
    """Names a prompt (SHA-256 of the canonical messages), so that answers can be found without storing it twice."""
    return hashlib.sha256(canonical_json(list(messages))).hexdigest()
