"""What a plan puts at risk, in sentences a user can act on. The thresholds' sources stand beside them."""

from __future__ import annotations

from collections.abc import Callable

from ._training_plan import TrainingPlan

__all__ = ["find_risks"]


def find_risks(plan: TrainingPlan, *, left_out: int, relearned: int, unsent: int = 0) -> tuple[str, ...]:
    """Everything there is to say about a plan, most severe first.

    Args:
        plan: the plan without its risks.
        left_out: old rows that cannot be replayed because they are of another kind.
        relearned: new rows that stand in the history already.
        unsent: recalled rows that are in no file.
    """
    found = [sentence for check in _CHECKS if (sentence := check(plan))]
    if relearned:
        found.append(
            f"{relearned} of {len(plan.new)} new rows were learned already; learning them again costs tokens"
        )
    if left_out:
        found.append(f"{left_out} old rows are of another kind than the new ones and are not replayed")
    if unsent:
        found.append(
            f"{unsent} recalled rows are in no file of this step, and will not stand in the model's history; "
            "give them again with the next one"
        )
    return tuple(found)


def _forgetting(plan: TrainingPlan) -> str:
    if plan.old_rows and not plan.rehearsed_rows:
        return (
            f"no old row is rehearsed: all {plan.old_facts} old facts are exposed to catastrophic forgetting; "
            "compare before you use the model"
        )
    return ""


def _thin_rehearsal(plan: TrainingPlan) -> str:
    missed = plan.old_facts - plan.rehearsed_facts
    if plan.rehearsed_rows and missed:
        remedy = (
            "a larger ratio=, or none, and a larger Shares(old=...) reach"
            if plan.counts == "visits"
            else "a larger fraction or ratio, or more passes, reaches"
        )
        return (
            f"{missed} of {plan.old_facts} old facts are never rehearsed in this step; {remedy} more of them"
        )
    return ""


def _one_answer(plan: TrainingPlan) -> str:
    answers = {answer for known in plan.new.answers().values() for answer in known}
    if len(plan.new) > 1 and len(answers) == 1:
        return f"all {len(plan.new)} new rows have one answer: on their own they teach it as the reply to everything"
    return ""


def _many_passes(plan: TrainingPlan) -> str:
    # The OpenAI cookbook's own rule would give 10 epochs to 10 rows; more is rarely better for so few.
    if isinstance(plan.passes, int) and plan.passes > 10 and not plan.rehearsed_rows and plan.old_rows:
        return f"{plan.passes} passes over new rows alone only deepen the forgetting"
    return ""


def _unrolled(plan: TrainingPlan) -> str:
    if plan.counts == "visits":
        jobs = len(plan.step.parts)
        waits = f", and each of the {jobs} jobs waits in the queue by itself (parts=1 makes one)"
        return (
            "every visit is written into the files, so there are no checkpoints per epoch to go back to"
            f"{waits if jobs > 1 else ''}"
        )
    longest = max((len(part.training) for part in plan.step.parts), default=0)
    repeats = longest > len(plan.new) + plan.rehearsed_rows
    if repeats and all(part.method.n_epochs == 1 for part in plan.step.parts):
        return (
            "the passes are written into the file, so there are no checkpoints per epoch to go back to "
            "(Replay(unroll=False) keeps them)"
        )
    return ""


def _near_misses(plan: TrainingPlan) -> str:
    near = sum(finding.code == "near-miss" for finding in plan.findings)
    if not near:
        return ""
    asks = "1 old row asks something similar to a new row but answers differently; it stays, because its"
    ask = f"{near:,} old rows ask something similar to a new row but answer differently; they stay, because their"
    return f"{asks if near == 1 else ask} fact differs (see plan.findings)"


_CHECKS: tuple[Callable[[TrainingPlan], str], ...] = (
    _forgetting,
    _thin_rehearsal,
    _one_answer,
    _many_passes,
    _near_misses,
    _unrolled,
)
