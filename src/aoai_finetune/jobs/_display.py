"""How a job looks in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..display import fragment, html_table

if TYPE_CHECKING:
    from ._job import FineTuneJob

__all__ = ["job_html"]


def job_html(job: FineTuneJob) -> str:
    """A small table: id, status, models and billed tokens of each part."""
    header = ("part", "job", "status", "from", "model", "trained tokens")
    rows = [
        (
            f"{number}/{job.planned_parts}",
            part.id,
            part.status,
            part.model,
            part.fine_tuned_model or "",
            f"{part.trained_tokens:,}" if part.trained_tokens is not None else "",
        )
        for number, part in enumerate(job.parts, start=1)
    ]
    note = "existed already; nothing was bought" if job.reused else ""
    return fragment(html_table(header, rows, caption=note))
