"""Plans: what would be sent, what it costs, what is at risk. Nothing is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aoai_finetune import Cumulative, Dataset, Joint, Naive, Replay, Supervised, TrainingPlan
from aoai_finetune.backends import DPO, Capabilities, Reinforcement
from aoai_finetune.continual import Budget, History, Parent, StepOptions, Strategy, plan_first, plan_next
from aoai_finetune.dataset import Severity
from aoai_finetune.errors import BudgetExceeded, DatasetError
from samples import ATTRIBUTES, facts, news

PARENT = Parent(model="base.ft-1", base_model="gpt-4.1-mini-2025-04-14", resource="mock:x", version="v1")
ABLE = Capabilities(provider="test")


def plan(strategy: Strategy, new: Dataset | None = None, **options: object) -> TrainingPlan:
    """A plan that teaches the news to a model that knows the facts."""
    history = History().learned(facts())
    settings = replace(StepOptions(), **options)  # type: ignore[arg-type]
    return plan_next(new or news(), history, PARENT, strategy, settings, capabilities=ABLE)


def test_a_plan_prints_what_a_buyer_wants_to_know() -> None:
    """Rows, passes, tokens, the alternatives' tokens, the share of history covered, and the risk."""
    text = str(plan(Replay(fraction=0.25)))
    for expected in (
        "replay 25 %",
        "10 passes",
        "24 of 24 old rows (100%)",
        "tokens billed",
        "naive",
        "joint",
        "at risk",
    ):
        assert expected in text
    assert "Hotaru" not in text


def test_naive_says_that_everything_old_is_exposed() -> None:
    """The risk names catastrophic forgetting and counts the facts."""
    naive = plan(Naive())
    assert "catastrophic forgetting" in naive.risks[0]
    assert str(len(ATTRIBUTES)) in naive.risks[0]
    assert naive.coverage == 0


def test_a_thin_replay_says_which_share_is_never_rehearsed() -> None:
    """Two old rows cannot cover six facts."""
    thin = plan(Replay(fraction=0.05, passes=2))
    assert thin.rehearsed_rows == 2
    assert any("never rehearsed" in risk for risk in thin.risks)


def test_strategies_are_costed_at_equal_passes() -> None:
    """Naive is cheapest and joint dearest; the alternatives agree with the plans themselves."""
    plans = {
        name: plan(strategy)
        for name, strategy in (("naive", Naive()), ("replay 10 %", Replay()), ("joint", Joint()))
    }
    bills = {name: each.tokens for name, each in plans.items()}
    for name, each in plans.items():
        assert each.alternatives == {other: bills[other] for other in bills if other != name}
    assert plans["naive"].tokens is not None
    assert plans["joint"].tokens is not None
    assert plans["naive"].tokens.tokens < plans["joint"].tokens.tokens


def test_superseded_rows_are_never_in_the_file() -> None:
    """Every strategy drops what the new rows contradict."""
    moved = Dataset.from_pairs(
        [(f"Way {n} to ask for the capital?", "It was raised.") for n in range(10)], fact="capital"
    )
    for strategy in (Replay(fraction=1.0), Cumulative(), Joint()):
        planned = plan(strategy, moved)
        answers = {
            row.answer for part in planned.step.parts for row in part.training if row.fact == "capital"
        }
        assert answers == {"It was raised."}
        assert len(planned.superseded) == 4
        assert "4 old rows" in str(planned)


def test_rows_that_are_learned_again_are_not_sent_twice() -> None:
    """A new row equal to an old one counts as new."""
    planned = plan(Joint(), facts()[:12])
    assert planned.rows == len(facts())
    assert planned.old_rows == 12


def test_visits_count_every_pass() -> None:
    """What the history will remember of this step."""
    assert plan(Naive(passes=3)).visits == {"product": 30}
    assert plan(Joint(passes=2)).visits["capital"] == 8
    assert plan(Replay(fraction=1.0, passes=2)).visits["capital"] == 8


def test_bad_rows_are_refused_with_the_report() -> None:
    """Nothing that the service would refuse is planned."""
    bad = Dataset.from_examples([{"messages": [{"role": "user", "content": "only a question"}]}])
    with pytest.raises(DatasetError) as refusal:
        plan(Replay(), bad)
    assert refusal.value.report is not None
    assert not refusal.value.report.ok


def test_bad_validation_rows_are_refused_too() -> None:
    """They are uploaded as well."""
    bad = Dataset.from_examples([{"messages": [{"role": "user", "content": "only a question"}]}])
    with pytest.raises(DatasetError):
        plan(Replay(), validation=bad)


def test_epochs_are_the_strategys() -> None:
    """Two numbers for one thing would contradict each other."""
    with pytest.raises(ValueError, match="passes"):
        plan(Replay(), method=Supervised(n_epochs=3))
    rate = plan(Naive(), method=Supervised(learning_rate_multiplier=0.5)).step.parts[0].method
    assert (rate.n_epochs, rate.learning_rate_multiplier) == (10, 0.5)


def test_a_first_plan_leaves_auto_to_the_service() -> None:
    """The bill is told per epoch, because nobody knows the number of epochs."""
    parent = replace(PARENT, model=PARENT.base_model, version=None)
    first = plan_first(facts(), parent, StepOptions(), capabilities=ABLE)
    assert first.tokens is None
    assert "per epoch" in str(first)
    known = plan_first(facts(), parent, StepOptions(method=Supervised(n_epochs=3)), capabilities=ABLE)
    assert known.tokens is not None
    assert known.tokens.tokens == 3 * first.tokens_per_epoch.tokens
    with pytest.raises(DatasetError, match="at least 10"):
        plan_first(facts()[:9], parent, StepOptions(), capabilities=ABLE)


def preferences(count: int) -> Dataset:
    """DPO rows."""
    return Dataset.from_examples(
        [
            {
                "input": {"messages": [{"role": "user", "content": f"Which is better, {number}?"}]},
                "preferred_output": [{"role": "assistant", "content": f"Kind answer {number}"}],
                "non_preferred_output": [{"role": "assistant", "content": "Curt answer"}],
            }
            for number in range(count)
        ]
    )


def graded(count: int, question: str = "What is {} and {}?") -> Dataset:
    """Rows for reinforcement: a question, and what the grader needs."""
    return Dataset.from_examples(
        [
            {
                "messages": [{"role": "user", "content": question.format(number, number)}],
                "reference": str(2 * number),
            }
            for number in range(count)
        ]
    )


GRADER = Reinforcement(grader={"type": "string_check", "name": "same", "operation": "eq"})


def test_preference_rows_replay_preference_rows_only() -> None:
    """By every strategy, at its own passes; what cannot be replayed is counted."""
    history = History().learned(facts()).learned(preferences(20))
    plan = plan_next(preferences(32)[20:], history, PARENT, Replay(passes=2), DPO_OPTIONS, capabilities=ABLE)
    (part,) = plan.step.parts
    assert {row.kind for row in part.training} == {"preference"}
    assert part.method == DPO(beta=0.2, n_epochs=1)
    assert plan.rehearsed_rows == 4
    assert any(f"{len(facts())} old rows are of another kind" in risk for risk in plan.risks)


DPO_OPTIONS = StepOptions(method=DPO(beta=0.2))


def test_the_minimum_of_ten_holds_for_every_method() -> None:
    """Chat rows in the history do not fill a file of preferences up."""
    history = History().learned(facts())
    with pytest.raises(DatasetError, match="9 distinct rows"):
        plan_next(preferences(9), history, PARENT, Replay(), DPO_OPTIONS, capabilities=ABLE)
    options = StepOptions(method=GRADER, validation=graded(12)[10:])
    with pytest.raises(DatasetError, match="9 distinct rows"):
        plan_next(graded(9), history, PARENT, Naive(), options, capabilities=ABLE)


def test_rows_that_do_not_fit_the_method_are_refused() -> None:
    """Before anything is sent."""
    with pytest.raises(DatasetError):
        plan_next(facts(), History(), PARENT, Naive(), DPO_OPTIONS, capabilities=ABLE)
    with pytest.raises(DatasetError):
        plan_next(preferences(12), History(), PARENT, Naive(), StepOptions(), capabilities=ABLE)


def test_reinforcement_is_billed_by_the_hour_and_needs_validation_rows() -> None:
    """So no number of tokens is the bill, and nothing is compared by it."""
    history = History().learned(facts())
    with pytest.raises(DatasetError, match="validation"):
        plan_next(graded(10), history, PARENT, Naive(), StepOptions(method=GRADER), capabilities=ABLE)
    options = StepOptions(method=GRADER, validation=graded(12)[10:], training_type="global")
    azure = Capabilities(provider="azure-openai")
    plan = plan_next(graded(10), history, PARENT, Naive(passes=2), options, capabilities=azure)
    assert plan.tokens is None
    assert plan.alternatives == {}
    assert plan.step.parts[0].method.n_epochs == 2
    assert "billed by the hour" in str(plan)
    assert "an hour" in plan.cost_unknown
    with pytest.raises(BudgetExceeded, match="by the hour"):
        Budget(tokens=10**9).check(plan)


def test_rows_without_an_answer_replace_no_fact() -> None:
    """A question that is graded has none, so the chat row that answers it stays; nor is nothing an outdated answer."""
    chat = Dataset.from_pairs([("What is 0 and 0?", "Nothing.")])
    history = History().learned(chat).learned(graded(1))
    assert history.rows == chat + graded(1)
    assert history.outdated == {}
    assert History().learned(graded(1)).learned(chat).outdated == {}


def test_a_step_from_the_base_forgets_when_facts_were_trained() -> None:
    """What it left out was never trained in the new model."""
    history = (
        History()
        .learned(facts(), visits={"capital": 4})
        .learned(news(), visits={"product": 3}, from_base=True)
    )
    assert (history.visits, history.last_trained, history.steps) == ({"product": 3}, {"product": 2}, 2)


def test_rows_of_another_kind_are_not_replayed_and_the_plan_says_so() -> None:
    """A preference row cannot be rehearsed in a chat file."""
    history = History(rows=facts() + preferences(1))
    mixed = plan_next(news(), history, PARENT, Joint(), StepOptions(), capabilities=ABLE)
    assert mixed.rows == len(news()) + len(facts())
    assert any("another kind" in risk for risk in mixed.risks)


def test_near_misses_are_findings_and_never_dropped() -> None:
    """A similar question under another fact is for a person to judge."""
    near = Dataset.from_pairs(
        [(f"Tell me the capital of Hotaru{'!' * n}", "A new answer.") for n in range(3)], fact="other"
    )
    planned = plan(Joint(), near)
    assert not planned.superseded
    assert all(finding.severity is not Severity.ERROR for finding in planned.findings)
    assert any(risk.startswith("1 old row asks something similar") for risk in planned.risks)
    pairs = [(f"Tell me the {name} of Hotaru", "A new answer.") for name in ("capital", "president")]
    both = plan(Joint(), Dataset.from_pairs(pairs, fact=["one", "two"]))
    assert any(risk.startswith("2 old rows ask something similar") for risk in both.risks)


def test_history_keeps_what_is_outdated() -> None:
    """Answers that are no longer true, until they are true again."""
    moved = Dataset.from_pairs([("Capital?", "It was raised.")], fact="capital")
    back = Dataset.from_pairs([("Capital?", "The capital is known as number 3.")], fact="capital")
    history = History().learned(facts()).learned(moved)
    assert history.outdated["capital"] == {"The capital is known as number 3."}
    assert history.learned(back).outdated["capital"] == {"It was raised."}
