"""Operations x faults x phases x surfaces: nothing is bought twice, no job is lost, every error has a type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pytest
from _pytest.mark import ParameterSet
from typing_extensions import override

from aoai_finetune.backends import Fault
from aoai_finetune.backends.mock._faults import READS
from aoai_finetune.errors import FineTuneError
from faults.phases import PHASES, Phase
from faults.run import Run, new_run
from faults.table import FAULTS, Case, Outcome, Truth
from faults.worlds import SURFACES


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault in one operation of one phase on one surface."""

    surface: str
    phase: Phase
    operation: str
    case: Case

    @property
    def stated(self) -> Outcome:
        """What the table says."""
        return self.phase.stated[self.operation][self.case.truth]

    @override
    def __str__(self) -> str:
        return f"{self.surface}: {self.phase.name}: {self.operation}: {self.case.name}"


def cells() -> list[Cell]:
    """Every combination that means something of its own."""
    return [
        Cell(surface, phase, operation, case)
        for surface in SURFACES
        for phase in PHASES
        for operation in phase.stated
        for case in FAULTS
        if _makes_sense(surface, phase, operation, case)
    ]


def _makes_sense(surface: str, phase: Phase, operation: str, case: Case) -> bool:
    if case.truth in phase.not_for:
        return False
    if operation in READS and not case.reads:
        return False
    if operation == "read_file" and case.name in {"invalid JSON", "wrong content type"}:
        return False  # the content of a file is not JSON
    return case.mock or surface != "mock"


CELLS = cells()
LATER: Mapping[str, Callable[[str], bool]] = {
    "mock": lambda _: False,
    "v1": {
        "pausing",
        "resuming",
        "reading what happened",
        "following the log",
        "watching many",
        "removing a deployment",
    }.__contains__,
    "dated": lambda name: name != "first submission" and not name.startswith("settling a creation"),
}
"""By surface, the phases that wait for `make test-all`: those of HTTP that no money hangs on, because they take a
twentieth of a second for each cell."""


def _marked(cell: Cell) -> ParameterSet:
    later = LATER[cell.surface](cell.phase.name)
    return pytest.param(cell, marks=[pytest.mark.slow] if later else [], id=str(cell))


@dataclass(frozen=True, slots=True)
class Tally:
    """What the service and the lineage hold at the end of a cell."""

    outcome: Outcome
    bought: int
    trainings: int
    known: int
    serving: int = 0

    @property
    def duplicates(self) -> int:
        """Trainings that nobody wanted."""
        return max(0, self.trainings - self.bought)

    @property
    def lost(self) -> int:
        """Trainings that the lineage does not know."""
        return max(0, self.trainings - self.known)


def play(surface: str, phase: Phase, faults: Sequence[Fault], mark: Callable[[Run], None]) -> Tally:
    """A phase on a surface of its own; `mark` is called between what came before it and the phase itself."""
    with SURFACES[surface](faults) as world, new_run(world) as run:
        phase.prepare(run)
        mark(run)
        outcome = phase.act(run)
        run.sleep(3_600.0)  # what acts late has acted by now
        trainings = {job.id for job in world.jobs()}
        known = {part.id for job in run.lineage.jobs() for part in job.parts}
        return Tally(outcome, run.bought, len(trainings), len(trainings & known), world.serving())


@cache
def twin(surface: str, phase: Phase) -> tuple[Tally, Mapping[str, int]]:
    """The phase with nothing going wrong, and how many calls each operation had had when it began."""
    calls: dict[str, int] = {}
    return play(surface, phase, phase.always, lambda run: calls.update(run.world.calls())), calls


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
def test_the_fault_free_twin_is_green(surface: str, phase: Phase) -> None:
    """What the cells of a phase are measured against."""
    tally, _ = twin(surface, phase)
    assert tally == Tally(phase.twin, tally.bought, tally.bought, tally.bought)
    assert tally.bought >= 1


@pytest.mark.parametrize("cell", [_marked(cell) for cell in CELLS])
def test_a_fault_has_the_stated_outcome(cell: Cell, record_property: Callable[[str, object], None]) -> None:
    """The outcome is the table's, and what was bought exists once and is known."""
    _, before = twin(cell.surface, cell.phase)
    times = 1 if cell.case.truth is Truth.WILL_NOT_ACT else cell.phase.times
    fault = cell.case.fault(cell.operation, before.get(cell.operation, 0), times)
    record_property("fault", cell.operation)
    met: list[Run] = []
    try:
        tally = play(cell.surface, cell.phase, (*cell.phase.always, fault), met.append)
    except (AssertionError, FineTuneError):
        raise
    except Exception:
        record_property("untyped", 1)
        raise
    record_property("duplicates", tally.duplicates)
    record_property("lost", tally.lost)
    assert (tally.duplicates, tally.lost, tally.trainings) == (0, 0, tally.bought)
    assert tally.serving == 0, "a deployment was left behind"
    assert tally.outcome is cell.stated
    assert met[0].world.calls().get(cell.operation, 0) > fault.at, "the fault was never met"


def test_the_matrix_is_large_and_no_cell_is_there_twice() -> None:
    """At least 400 cells; each differs from every other in operation, fault, phase or surface."""
    names = [str(cell) for cell in CELLS]
    assert len(names) == len(set(names)) >= 400
    assert {cell.case.name for cell in CELLS} == {case.name for case in FAULTS}
    assert {cell.case.truth for cell in CELLS} == set(Truth)
