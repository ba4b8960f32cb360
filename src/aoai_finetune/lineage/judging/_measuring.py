"""What each version of a chain knows of what each stage taught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...errors import NotFound
from ..memory._memory import Memory, Reference
from ..store._records import ModelVersion
from ._judging import check_asking

if TYPE_CHECKING:
    from ...continual import AccuracyMatrix
    from ...evaluation import ProbeSet
    from ._matrix_run import MatrixRun

__all__ = ["Measuring"]


class Measuring(Memory):
    """The part of `ModelLineage` that measures whole chains."""

    def matrix(
        self,
        *versions: Reference,
        probes: Mapping[str, ProbeSet] | ProbeSet,
        joint: AccuracyMatrix | Sequence[Reference] | None = None,
        transfer: bool = False,
        concurrency: int = 8,
        progress: bool = True,
    ) -> AccuracyMatrix:
        """What every version of a chain knows of what each stage taught: ACC, forgetting, transfer, the bill.

        Only what is not stored yet is asked, as for `compare`, so a chain that grew by a stage costs one model's
        answers. Every bare question is asked under the system prompt that most rows of the last version have.

        Where a later stage changed a fact, the models from there on are judged by what that stage's own probes
        of the fact expect; where it has none, older probes of the fact stop to count.

        Args:
            versions: one for each stage, in the order of training; without any, the champion and all it comes
                from. Tokens are those of these versions together.
            probes: stage to probes, one entry for each version in their order; or one set, whose probes are
                given to the last stage that taught their fact. Stages are then called by the version's suffix,
                or its id where suffixes repeat. Probes of facts that no stage taught are left out.
            joint: what retraining on everything at every stage knows, for the ratios: its matrix, or its
                versions, one for each stage, which are asked the same.
            transfer: ask the base model too, and every model about the stages after it, which forward transfer
                is made of. A hosted base model answers only where it is deployed.
            concurrency: questions under way at a time.
            progress: show it on stderr.

        Raises:
            NotFound, Ambiguous, JobNotSucceeded: no such version; no versions are named, and there is no champion.
            NotSupported, NotDeployed, ServiceError: a model that cannot be asked.
            WrongResource: a version of a resource without a backend here, whose answers are not stored.
            ValueError: not one stage for each version, a version twice, or a stage that no probe asks about.
        """
        runs = self._matrix_runs(versions, probes, joint, transfer=transfer, concurrency=concurrency)
        for run in runs:
            run.ask(concurrency=concurrency, progress=progress)
        return _matrix(runs, joint)

    async def matrix_async(
        self,
        *versions: Reference,
        probes: Mapping[str, ProbeSet] | ProbeSet,
        joint: AccuracyMatrix | Sequence[Reference] | None = None,
        transfer: bool = False,
        concurrency: int = 8,
        progress: bool = True,
    ) -> AccuracyMatrix:
        """`matrix` without blocking the event loop."""
        import asyncio

        runs = await asyncio.to_thread(
            self._matrix_runs, versions, probes, joint, transfer=transfer, concurrency=concurrency
        )
        for run in runs:
            await run.ask_async(concurrency=concurrency, progress=progress)
        return await asyncio.to_thread(_matrix, runs, joint)

    # -- inside --------------------------------------------------------------------------------------------

    def _matrix_runs(
        self,
        versions: Sequence[Reference],
        probes: Mapping[str, ProbeSet] | ProbeSet,
        joint: AccuracyMatrix | Sequence[Reference] | None,
        *,
        transfer: bool,
        concurrency: int,
    ) -> list[MatrixRun]:
        """The run of the chain, and after it that of the joint versions."""
        from ...continual import AccuracyMatrix as Matrix

        chain = self._chain(versions)
        named = self._named(chain, probes)
        for asked in named.values():
            check_asking(asked, concurrency)
        runs = [self._matrix_run(chain, named, transfer=transfer)]
        if isinstance(joint, str):
            raise TypeError("joint takes a matrix, or several versions: one for each stage")
        if joint is not None and not isinstance(joint, Matrix):
            reference = [self.version(ref) for ref in joint]
            runs.append(self._matrix_run(reference, named, transfer=transfer))
        return runs

    def _matrix_run(
        self, versions: Sequence[ModelVersion], probes: Mapping[str, ProbeSet], *, transfer: bool
    ) -> MatrixRun:
        from ._matrix_run import MatrixRun, Stage

        if len(versions) != len(probes):
            raise ValueError(
                f"there are {len(versions)} versions and {len(probes)} stages; each stage needs the version it made"
            )
        stages = [
            Stage(name=name, version=version, history=history, probes=asked)
            for version, history, (name, asked) in zip(
                versions, self._histories(versions), probes.items(), strict=True
            )
        ]
        return MatrixRun(self._ledger, self._backends, stages, transfer=transfer)

    def _chain(self, versions: Sequence[Reference]) -> list[ModelVersion]:
        if not versions:
            last = self.champion
            if last is None:
                raise NotFound(
                    "there is no champion whose chain could be measured",
                    hint="Name the versions: lineage.matrix(first, second, probes=...)",
                )
            return [*reversed(self.ancestors(last)), last]
        chain = [self.version(ref) for ref in versions]
        if len({version.id for version in chain}) < len(chain):
            raise ValueError("a version stands in the chain twice")
        return chain

    def _named(
        self, chain: Sequence[ModelVersion], probes: Mapping[str, ProbeSet] | ProbeSet
    ) -> Mapping[str, ProbeSet]:
        """Stage to its probes."""
        from ...evaluation import ProbeSet as Probes

        if not isinstance(probes, Probes):
            return probes
        from ._matrix_run import by_stage

        suffixes = Counter(version.suffix for version in chain)
        names = [
            version.suffix if version.suffix and suffixes[version.suffix] == 1 else version.id
            for version in chain
        ]
        taught = [self._ledger.learned(version.step).facts for version in chain]
        return by_stage(probes, dict(zip(names, taught, strict=True)))


def _matrix(runs: Sequence[MatrixRun], joint: AccuracyMatrix | Sequence[Reference] | None) -> AccuracyMatrix:
    from ...continual import AccuracyMatrix as Matrix

    reference = joint if isinstance(joint, Matrix) else None
    for run in runs[1:]:
        reference = run.matrix(None)
    return runs[0].matrix(reference)
