"""`ModelLineage`: everything that was learned, by which model, from which, and whether it was worth it."""

from __future__ import annotations

from .asking._collecting import Collecting
from .judging._measuring import Measuring
from .memory._exporting import Exporting
from .memory._retiring import Retiring
from .memory._tagging import Tagging
from .tournament._trying import Trying
from .training._adopting import Adopting
from .training._rebasing import Rebasing
from .training._recalling import Recalling

__all__ = ["ModelLineage"]


class ModelLineage(
    Rebasing, Trying, Measuring, Recalling, Collecting, Adopting, Retiring, Tagging, Exporting
):
    """The memory of a chain of fine-tunes, in one SQLite file, and the way to continue it.

    Rows are stored once, by content, so any version can be explained, compared and retrained. The same request
    is bought once: asked for again, after a re-run cell or a restart, it returns the job that exists. Safe for
    several threads and processes. A backend given to it is never closed by it.

    Args:
        path: the file; made with mode 0600 when it is not there. `":memory:"` keeps nothing.
        backend: where jobs run and models answer. None only reads.
        others: backends of further resources, where models of two resources are compared.
        settle: seconds to look for a job whose creation had an unclear outcome.
        lease_clock: the time leases of submissions are measured in; the machine's unless a test decides.

    Raises:
        LineageError: not a lineage file, or one written by a newer version.
    """
