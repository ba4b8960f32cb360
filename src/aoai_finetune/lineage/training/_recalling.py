"""Asking an old model its old questions, where its rows are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import LineageError, NotFound
from ..memory._memory import Memory, Reference
from ..store._records import ModelVersion

if TYPE_CHECKING:
    from ...dataset import Dataset
    from ...evaluation import ProbeSet
    from ..asking._ask_once import Answerer, Inquiry
    from ._self_rehearsal import Prompt, Recalled

    Questions = Dataset | ProbeSet | Mapping[str, str | Iterable[str]] | Iterable[str]

__all__ = ["Recalling"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecallRun:
    """Questions to one model under way."""

    who: Answerer
    prompts: list[Prompt]
    inquiry: Inquiry

    def rows(self, refused: Callable[[str], bool] | None) -> Recalled:
        from ._self_rehearsal import recalled_rows, says_nothing

        said = self.inquiry.completions(self.who, [prompt.messages for prompt in self.prompts])
        return recalled_rows(self.who.model, self.prompts, said, refused or says_nothing)


class Recalling(Memory):
    """The part of `ModelLineage` that asks old models what they know."""

    def recall(
        self,
        version: Reference,
        questions: Questions | None = None,
        *,
        system: str | None = None,
        refused: Callable[[str], bool] | None = None,
        concurrency: int = 8,
        progress: bool = True,
    ) -> Recalled:
        """Rows made of a model's own answers: for a job of somebody else whose file is gone, or another team's model.

        Each question is asked once and its answer kept, as for `compare`. What gave no usable answer is left out
        and listed in `.left_out`. The rows can be used like any others: to adopt the job that made the model
        (`lineage.adopt(job_id, training=rows)`; the lineage notes that they were recalled), or for `SelfRehearsal`.

        What it cannot do: tell right answers from wrong ones (read them, or grade them with probes, before they
        are trained), bring back what the model has forgotten already, know what was never asked, or recall tool
        calls, preferences and rewards. Questions that were asked here can no longer serve as probes once the rows
        are trained. Original rows are better wherever they still exist.

        Args:
            version: a version, or the name of any model of the lineage's first backend, with questions then.
            questions: what to ask: questions by fact, questions alone (each is its own fact), probes, or rows,
                whose own answers are not looked at. None asks what is in the version's history.
            system: goes before bare questions; by default the system prompt most rows of the version have.
            refused: says whether an answer is a refusal; by default, whether it begins as refusals do.
            concurrency: questions under way at a time.
            progress: show it on stderr.

        Raises:
            DatasetError: nothing to ask.
            LineageError: a model that is no version, and no questions.
            NotSupported, NotDeployed, NotFound, ServiceError: a model that cannot be asked.
        """
        run = self._recall_run(version, questions, system)
        run.inquiry.ask(concurrency=concurrency, progress=progress)
        return run.rows(refused)

    async def recall_async(
        self,
        version: Reference,
        questions: Questions | None = None,
        *,
        system: str | None = None,
        refused: Callable[[str], bool] | None = None,
        concurrency: int = 8,
        progress: bool = True,
    ) -> Recalled:
        """`recall` without blocking the event loop."""
        import asyncio

        run = await asyncio.to_thread(self._recall_run, version, questions, system)
        await run.inquiry.ask_async(concurrency=concurrency, progress=progress)
        return await asyncio.to_thread(run.rows, refused)

    def _recall_run(self, ref: Reference, questions: Questions | None, system: str | None) -> _RecallRun:
        from ..asking._ask_once import Answerer, Inquiry, usual_system
        from ._self_rehearsal import prompts_of

        version = self._version_or_none(ref)
        if version is not None:
            history = self.history(version)
            asked = history.rows if questions is None else questions
            prompts = prompts_of(asked, system or usual_system(history))
            who = Answerer(model=version.model, resource=version.resource)
        else:
            prompts, who = self._strange(str(ref), questions, system)
        inquiry = Inquiry(self._ledger, self._backends)
        inquiry.add(who, [prompt.messages for prompt in prompts])
        return _RecallRun(who=who, prompts=prompts, inquiry=inquiry)

    def _strange(
        self, model: str, questions: Questions | None, system: str | None
    ) -> tuple[list[Prompt], Answerer]:
        """A model that the lineage does not know."""
        from ..asking._ask_once import Answerer
        from ._self_rehearsal import prompts_of

        if self._backend is None or questions is None:
            raise LineageError(
                f"{model!r} is no version of this lineage, so its questions are not known",
                hint="Give them: lineage.recall(model, questions), with a backend that has the model",
            )
        return prompts_of(questions, system), Answerer(model=model, resource=self._backend.resource)

    def _version_or_none(self, ref: Reference) -> ModelVersion | None:
        try:
            return self.version(ref)
        except NotFound:
            if not isinstance(ref, str):
                raise
            return None
