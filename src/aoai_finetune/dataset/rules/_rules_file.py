"""Rules about a whole file, as data: copies, answers, history, sizes, tokens, and what level `deep` adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..checks import _preference, _vision
from ..checks._rule import Method, Rule
from ..rows._findings import Severity
from ..whole import _compared, _knowledge, _near, _service, _whole
from ._limits import Limit

__all__ = ["file_rules"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SFT: Final[tuple[Method, ...]] = ("supervised",)
_RFT: Final[tuple[Method, ...]] = ("reinforcement",)

_RFT_DOC = "Azure OpenAI reinforcement fine-tuning, 2026-03"
_CONTEXT = "Azure OpenAI fine-tuning models, training example context length, 2026-03"
_ADVICE = "arXiv 2309.14316, 2405.05904, 2312.05934 (2023-12), and this library's measurements, 2026-11"
_OWN = "this library, 2026-11"
_MEASURED = "this library, measured on small learners, 2026-11"

_WHOLE: Final[tuple[Rule, ...]] = (
    Rule(code="duplicate-row", severity=_WARNING, level="file", summary="No row is there twice", source=_OWN,
         hint="Remove it with deduplicate(), or keep it if the repetition is intended", file=_compared.Duplicates),
    Rule(code="one-answer", severity=_WARNING, level="file", summary="Not all rows have the same answer",
         source=_MEASURED, hint="Mix in rows with other answers, for example by replaying old ones",
         methods=_SFT, file=_compared.OneAnswer),
    Rule(code="few-phrasings", severity=_WARNING, level="file", summary="A fact has at least 4 phrasings",
         source=_MEASURED, hint="Ask each question in several ways, and name what belongs together with fact=",
         methods=_SFT, file=_compared.FewPhrasings),
    Rule(code="history-conflict", severity=_WARNING, level="file", needs_history=True, methods=_SFT,
         summary="The history does not answer a fact differently", source=_OWN,
         hint="history.supersede(by=...) leaves the old answers out of replay", file=_whole.HistoryConflicts),
    Rule(
        code="near-miss",
        severity=_WARNING,
        level="file",
        needs_history=True,
        methods=_SFT,
        summary="No question of the history looks like one of the file that has another answer",
        source=_OWN,
        hint="If the new answer replaces the old one, give both rows the same fact",
        file=_whole.NearMisses,
    ),
    Rule(code="contradiction", severity=_WARNING, level="file", source=_OWN,
         summary="The same messages have the same answer, preference or fields everywhere",
         hint="Keep the row that is right; the model learns a mixture of both", file=_compared.Contradictions),
    Rule(code="fact-answers", severity=_WARNING, level="file", methods=_SFT, source=_OWN,
         summary="Rows that were given one fact have one answer",
         hint="Correct the answer that no longer holds; where both do, give each a fact of its own",
         file=_compared.FactAnswers),
    Rule(code="shared-row", severity=_WARNING, level="file", needs_validation=True, source=_OWN,
         summary="No row is among the validation rows too",
         hint="Take it out of one of the two; a result on rows that were trained on says nothing",
         file=_whole.SharedRows),
    Rule(code="shared-question", severity=_WARNING, level="file", needs_validation=True, source=_OWN,
         summary="No row asks what a validation row asks",
         hint="Take it out of one of the two; a result on rows that were trained on says nothing",
         file=_whole.SharedQuestions),
    Rule(code="grader-fields", severity=_WARNING, level="file", methods=_RFT, source=_RFT_DOC,
         summary="All rows have the same fields for the grader",
         hint="Fill the field in every row, or remove it", file=_preference.GraderFields),
    Rule(code="near-duplicate", severity=_WARNING, level="deep", source=_OWN,
         summary="No row nearly repeats another", hint="Keep one, unless the small difference is what is taught",
         file=_near.NearDuplicates),
    Rule(code="knowledge-like", severity=_WARNING, level="deep", heuristic=True, methods=_SFT, source=_ADVICE,
         summary="Heuristic: the file teaches behaviour more than knowledge",
         hint="Facts that change, or have to be cited, are better looked up (retrieval) than learned",
         file=_knowledge.KnowledgeLike),
)  # fmt: skip


def _bounded(limits: Mapping[str, Limit]) -> tuple[Rule, ...]:
    """The rules that know a limit."""
    examples, tokens = limits["examples"], limits.get("example-tokens")
    job, images = limits["job-tokens"], limits["images-per-file"]
    sizes = [limits[name] for name in ("file-bytes", "upload-bytes", "portal-bytes")]
    return (
        Rule(code="too-few-examples", severity=_ERROR, level="file", source=examples.source,
             summary=f"A file has at least {examples.value:,} examples",
             hint="Add rows; different phrasings of a question teach more than copies", file=_whole.TooFew),
        Rule(code="file-size", severity=_WARNING, level="file", source=sizes[0].source,
             summary=f"A file has at most {sizes[0].value:,} bytes",
             hint="Import it from storage, or upload it in parts", file=_service.FileBytes),
        Rule(code="file-size-upload", severity=_WARNING, level="file", source=sizes[1].source,
             summary=f"A file of more than {sizes[1].value:,} bytes is uploaded in parts",
             hint="Larger single uploads were seen to fail without a word; use uploads in parts, or an import",
             file=_service.UploadBytes),
        Rule(code="file-size-portal", severity=_INFO, level="file", source=sizes[2].source,
             summary=f"The portal takes files of up to {sizes[2].value:,} bytes",
             hint="Nothing to do: this library uses the API", file=_service.PortalBytes),
        Rule(code="example-tokens", severity=_WARNING, level="deep",
             source=tokens.source if tokens else _CONTEXT,
             summary=f"A row has at most {tokens.value:,} tokens" if tokens else "A row fits the model's context",
             hint="Shorten or split it; what is over the limit is cut off or refused", file=_service.ExampleTokens),
        Rule(code="job-tokens", severity=_WARNING, level="deep", source=job.source,
             summary=f"Tokens times epochs are at most {job.value:,}", hint="Use fewer rows or epochs",
             file=_service.JobTokens),
        Rule(code="images-per-file", severity=_ERROR, level="deep", source=images.source,
             summary=f"At most {images.value:,} rows have images", hint="Use fewer of them",
             file=_vision.ImagesPerFile),
    )  # fmt: skip


def file_rules(limits: Mapping[str, Limit]) -> tuple[Rule, ...]:
    """All rules about a whole file, with these limits."""
    return (*_bounded(limits), *_WHOLE)
