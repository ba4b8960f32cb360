"""Comparing versions, and moving the names they are known by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...continual import History
from ...errors import NotPromotable
from ..memory._memory import Memory, Reference
from ..store._records import ModelVersion

if TYPE_CHECKING:
    import sqlite3

    from ...dataset import Dataset
    from ...evaluation import Comparison, Gate, ProbeSet
    from ._comparison_run import ComparisonRun, Side

__all__ = ["Judging", "check_asking"]


class Judging(Memory):
    """The part of `ModelLineage` that compares and promotes."""

    def compare(
        self,
        champion: Reference,
        challenger: Reference,
        probes: ProbeSet,
        *,
        gate: Gate | None = None,
        repeats: int = 0,
        concurrency: int = 8,
        progress: bool = True,
    ) -> Comparison:
        """Ask both models every probe, judge fact by fact, and store answers and verdict.

        Only what is not stored yet is asked, so an interrupted comparison goes on where it stopped and a model
        can be compared after it is gone. `champion` may be a catalogue model.

        Args:
            champion: the version in use.
            challenger: the one that wants its place.
            probes: what both are asked.
            gate: what decides; `Gate()` by default.
            repeats: how many more times the champion is asked the same. A service answers not quite the same
                twice, even at temperature 0; repeats show how much of a loss is only that (`Comparison.noise`).
            concurrency: questions under way at a time.
            progress: show it on stderr.

        Raises:
            NotSupported, NotDeployed, ServiceError: a model that cannot be asked.
            WrongResource: a version of a resource without a backend here, whose answers are not stored.
        """
        check_asking(probes, concurrency)
        run = self._comparison_run(champion, challenger, probes, gate, repeats)
        run.ask(concurrency=concurrency, progress=progress)
        return run.judge()

    async def compare_async(
        self,
        champion: Reference,
        challenger: Reference,
        probes: ProbeSet,
        *,
        gate: Gate | None = None,
        repeats: int = 0,
        concurrency: int = 8,
        progress: bool = True,
    ) -> Comparison:
        """`compare` without blocking the event loop."""
        import asyncio

        check_asking(probes, concurrency)
        run = await asyncio.to_thread(self._comparison_run, champion, challenger, probes, gate, repeats)
        await run.ask_async(concurrency=concurrency, progress=progress)
        return await asyncio.to_thread(run.judge)

    def unasked(self, champion: Reference, challenger: Reference, probes: ProbeSet) -> tuple[str, ...]:
        """The models that `compare` would still have to ask something: those that have to be deployed for it.

        Empty where all answers are stored. Asks nobody anything.
        """
        check_asking(probes, 1)
        return self._comparison_run(champion, challenger, probes, None).unanswered

    def promote(
        self, version: Reference, *, alias: str = "champion", because: str | None = None
    ) -> ModelVersion:
        """Let an alias point to a version, if the latest comparison with its present holder says promote.

        Free when the alias is vacant and no comparison rejected the version. `because` overrides the gate and
        is recorded.

        Raises:
            NotPromotable: no such comparison, or it says something else.
        """
        chosen = self.version(version)
        self._check_alias(alias)
        if because is not None and not because.strip():
            raise ValueError("because is empty; say why, or leave it out")
        if (holder := self.aliases.get(alias)) is not None and holder.id == chosen.id:
            return chosen

        def check() -> int | None:
            holder = self.aliases.get(alias)
            stored = self._ledger.comparisons(challenger=chosen.id, champion=holder.id if holder else None)
            if because is None:
                _check_promotable(chosen, holder, alias, _newest_verdicts(stored))
            return stored[0]["id"] if stored else None

        now = self._now(chosen.resource)
        self._ledger.promote(alias, chosen.id, because=because, now=now, check=check)
        return chosen

    def relabel(self, version: Reference, rows: Dataset) -> None:
        """Give the rows a version learned the facts they have in `rows`: the same rows, in the same order.

        Facts are your names for rows, not part of what was bought, so this costs nothing.

        Raises:
            LineageError: these are other rows.
        """
        self._ledger.relabel(self.version(version).step, rows)

    # -- inside --------------------------------------------------------------------------------------------

    def _check_alias(self, alias: str) -> None:
        """An alias must not take over a name that means something else."""
        taken = {name for v in self.versions for name in (v.id, v.model, v.job_id, v.base_model)}
        if not alias.strip() or alias in taken:
            raise ValueError(
                f"{alias!r} cannot be an alias: it is empty, or the name of a version, job or model"
            )

    def _comparison_run(
        self,
        champion: Reference,
        challenger: Reference,
        probes: ProbeSet,
        gate: Gate | None,
        repeats: int = 0,
    ) -> ComparisonRun:
        from ...evaluation import Gate as DefaultGate
        from ._comparison_run import ComparisonRun

        if repeats < 0:
            raise ValueError(f"repeats is {repeats}; it must be 0 or more")
        new = self._side(self.version(challenger))
        old = self._champion_side(champion, new)
        if old.name == new.name:
            raise ValueError("champion and challenger are the same version; there is nothing to compare")
        return ComparisonRun(self._ledger, self._backends, old, new, probes, gate or DefaultGate(), repeats)

    def _champion_side(self, ref: Reference, challenger: Side) -> Side:
        from ._comparison_run import Side

        # A catalogue model has no version, but "what did fine-tuning change?" is a fair question.
        if isinstance(ref, str) and ref in {version.base_model for version in self.versions}:
            return Side(
                name=ref, label=ref, model=ref, resource=challenger.resource, history=History(), tokens=None
            )
        return self._side(self.version(ref))

    def _side(self, version: ModelVersion) -> Side:
        from ._comparison_run import Side

        return Side(
            name=version.id,
            label=f"{version.strategy} {version.id}",
            model=version.model,
            resource=version.resource,
            history=self.history(version),
            tokens=version.trained_tokens,
        )


def check_asking(probes: object, concurrency: int) -> None:
    """Notebooks are not type-checked; say what is meant before something deep inside does."""
    from ...evaluation import ProbeSet as Probes

    if not isinstance(probes, Probes):
        raise TypeError(
            f"the probes must be a ProbeSet, not {type(probes).__name__}: ProbeSet.from_jsonl(path), or "
            "ProbeSet.from_examples(rows)"
        )
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}; it must be at least 1")


def _newest_verdicts(stored: Sequence[sqlite3.Row]) -> list[str]:
    """The newest verdict against each champion with each probe set; `stored` is newest first."""
    newest: dict[tuple[str, str], str] = {}
    for row in stored:
        newest.setdefault((row["champion"], row["probes"]), row["verdict"])
    return list(newest.values())


def _check_promotable(
    chosen: ModelVersion, holder: ModelVersion | None, alias: str, verdicts: Sequence[str]
) -> None:
    """Raise `NotPromotable` unless the newest verdict allows it; a vacant alias only asks that none rejects."""
    newest = verdicts[0] if verdicts else None
    if holder is None and "reject" in verdicts:
        newest = "reject"
    if newest == "promote" or (holder is None and newest != "reject"):
        return
    against = f"{alias} {holder.id}" if holder else f"another version, while {alias!r} is vacant"
    said = f"says {newest}" if newest else "has not been made"
    remedy = {
        None: "Compare them first: lineage.compare(champion, challenger, probes)",
        "reject": "Continue with more replay, or with Joint(), and compare again",
        "inconclusive": "Its decision.would_decide says what is missing, such as more probes",
    }[newest]
    raise NotPromotable(
        f"the comparison of {chosen.id} with {against} {said}",
        hint=f"{remedy}. promote(..., because='...') overrides the gate, to go back too, and is recorded",
    )
