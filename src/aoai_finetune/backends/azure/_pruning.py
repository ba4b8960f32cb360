"""Which files a resource no longer needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .._records import FileRecord, JobRecord

__all__ = ["prunable"]

_OURS: Final = re.compile(r"[A-Za-z0-9_-]{1,40}-[0-9a-f]{12}(-validation)?\.jsonl")
"""`<suffix>-<intent id>.jsonl`, the name under which this library uploads the rows of one training."""


def prunable(files: Iterable[FileRecord], jobs: Iterable[JobRecord]) -> tuple[FileRecord, ...]:
    """Files that this library uploaded for jobs which are all over.

    A file that no job names is kept: somebody may be about to train with it.
    """
    over, needed = set[str](), set[str]()
    for job in jobs:
        (over if job.done else needed).update({job.training_file, job.validation_file or ""})
    return tuple(file for file in files if _OURS.fullmatch(file.filename) and file.id in over - needed)
