"""The phases of a fine-tune in which something can go wrong, and what must follow in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aoai_finetune.backends import Fault
from faults import acts
from faults.run import Run
from faults.table import EVERYTHING, Outcome, Truth

__all__ = ["PHASES", "Phase"]

Stated = Mapping[Truth, Outcome]

# -- what follows, by what is known ------------------------------------------------------------------------------

CREATES: Stated = {
    Truth.DID_NOT_ACT: Outcome.DONE,
    Truth.WILL_NOT_ACT: Outcome.REFUSED,
    Truth.LOST: Outcome.GIVEN_UP,
    Truth.ACTED: Outcome.DONE,
    Truth.ACTS_SOON: Outcome.DONE,
    Truth.ACTS_LATE: Outcome.FOUND,
    Truth.HARMLESS: Outcome.DONE,
}
"""The one request that costs money."""


def all_but_final(final: Outcome, otherwise: Outcome = Outcome.DONE) -> Stated:
    """One outcome whatever happens, but for a service that will never act."""
    return {truth: final if truth is Truth.WILL_NOT_ACT else otherwise for truth in EVERYTHING}


def all_but_slow(otherwise: Outcome) -> Stated:
    """Every failure is told; slowness is none."""
    return {truth: Outcome.DONE if truth is Truth.HARMLESS else otherwise for truth in EVERYTHING}


REPEATS = all_but_final(Outcome.REFUSED)
"""A request that may be sent again, such as an upload: it trains nothing."""
SURVIVES = all_but_final(Outcome.TOLD)
"""A look that is repeated by the library."""
DEPLOYS: Stated = {**SURVIVES, Truth.ACTS_LATE: Outcome.APPEARED}
"""A request that may be repeated, and costs by the hour when it arrives later than everything else."""
NOTHING = all_but_final(Outcome.DONE)
"""A look whose failure never reaches anybody."""
TELLS = all_but_slow(Outcome.TOLD)
"""A look that the caller asked for, and may repeat."""
CHANGES: Stated = {
    truth: {
        Truth.ACTED: Outcome.TOLD_DONE,
        Truth.ACTS_SOON: Outcome.TOLD_DONE,
        Truth.HARMLESS: Outcome.DONE,
    }.get(truth, Outcome.TOLD)
    for truth in EVERYTHING
}
"""A change that the caller asked for, and may repeat after looking."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phase:
    """One phase.

    Attributes:
        act: what happens in it; returns what was seen.
        stated: what must be seen, by operation that goes wrong and by what is true of the fault.
        prepare: what happened before it, undisturbed.
        always: faults that belong to the phase: `settling` needs something to settle.
        twin: what is seen when nothing else goes wrong.
        times: how many calls in a row the fault meets.
        not_for: what would be another phase, such as a pause that comes after the job is over.
    """

    name: str
    act: Callable[[Run], Outcome]
    stated: Mapping[str, Stated]
    prepare: Callable[[Run], None] = lambda _: None
    always: tuple[Fault, ...] = ()
    twin: Outcome = Outcome.DONE
    times: int = 1
    not_for: frozenset[Truth] = frozenset()


PHASES: tuple[Phase, ...] = (
    Phase(
        name="first submission",
        act=acts.first_submission,
        stated={"upload_file": REPEATS, "get_file": SURVIVES, "create_job": CREATES},
    ),
    Phase(
        name="two seeds, one file",
        prepare=acts.one_running,
        act=acts.two_seeds,
        stated={"upload_file": REPEATS, "create_job": CREATES},
    ),
    Phase(
        name="second part",
        prepare=acts.first_part_done,
        act=acts.second_part,
        stated={"upload_file": REPEATS, "get_file": SURVIVES, "create_job": CREATES},
    ),
    Phase(
        name="settling an upload",
        always=(Fault("upload_file", "lost_reply"),),
        act=acts.first_submission,
        stated={"list_files": NOTHING},
    ),
    Phase(
        name="settling a creation that acted",
        always=(Fault("create_job", "lost_reply"),),
        act=acts.first_submission,
        stated={"list_jobs": NOTHING},
    ),
    Phase(
        name="settling a creation that was lost",
        always=(Fault("create_job", "lost_request"),),
        act=acts.first_submission,
        twin=Outcome.GIVEN_UP,
        stated={"list_jobs": all_but_final(Outcome.GIVEN_UP, Outcome.GIVEN_UP)},
    ),
    Phase(
        name="asking again after a restart",
        always=(Fault("create_job", "acted_late", delay=600.0),),
        prepare=acts.left_unclear,
        act=acts.asking_again,
        stated={"list_jobs": NOTHING},
    ),
    Phase(
        name="synchronising an unclear submission",
        always=(Fault("create_job", "acted_late", delay=600.0),),
        prepare=acts.left_unclear,
        act=acts.synchronising,
        stated={"list_jobs": all_but_slow(Outcome.REPORTED)},
    ),
    Phase(
        name="synchronising a running job",
        prepare=acts.one_running,
        act=acts.synchronising,
        stated={"get_job": all_but_slow(Outcome.REPORTED)},
    ),
    Phase(
        name="giving up",
        always=(Fault("create_job", "lost_request"),),
        prepare=acts.lost_long_ago,
        act=acts.giving_up,
        stated={"list_jobs": all_but_slow(Outcome.REPORTED), "delete_file": all_but_slow(Outcome.LATER)},
    ),
    Phase(
        name="watching", prepare=acts.one_running, act=acts.watching, stated={"get_job": SURVIVES}, times=3
    ),
    Phase(
        name="watching many",
        prepare=acts.two_running,
        act=acts.watching_all,
        stated={"list_jobs": SURVIVES},
        times=2,
    ),
    Phase(
        name="following the log",
        prepare=acts.one_running,
        act=acts.following,
        stated={"list_events": SURVIVES, "get_job": SURVIVES},
    ),
    Phase(
        name="reading what happened",
        prepare=acts.one_done,
        act=acts.reading,
        stated={"list_events": TELLS, "list_checkpoints": TELLS, "read_file": TELLS},
    ),
    Phase(
        name="cancelling",
        prepare=acts.one_running,
        act=acts.cancelling,
        stated={"cancel_job": CHANGES},
        not_for=frozenset({Truth.ACTS_LATE}),
    ),
    Phase(
        name="pausing",
        prepare=acts.one_running,
        act=acts.pausing,
        stated={"pause_job": CHANGES},
        not_for=frozenset({Truth.ACTS_LATE}),
    ),
    Phase(
        name="resuming",
        prepare=acts.one_running,
        act=acts.resuming,
        stated={"resume_job": CHANGES},
        not_for=frozenset({Truth.ACTS_LATE}),
    ),
    Phase(
        name="deploying",
        prepare=acts.one_done,
        act=acts.deploying,
        stated={"create_deployment": DEPLOYS, "get_deployment": SURVIVES, "chat": SURVIVES},
    ),
    Phase(
        name="removing a deployment",
        prepare=acts.one_served,
        act=acts.removing,
        stated={"delete_deployment": SURVIVES, "get_deployment": SURVIVES},
    ),
    Phase(name="comparing", prepare=acts.two_served, act=acts.comparing, stated={"chat": SURVIVES}),
)
