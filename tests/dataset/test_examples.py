"""One row, and what it is made of."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from aoai_finetune.dataset import Example, Message, canonical_json
from aoai_finetune.errors import DatasetError

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_question_answer_and_system_are_the_last_and_first_of_their_kind() -> None:
    """A conversation of two turns."""
    turns = [("system", "S"), ("user", "q1"), ("assistant", "a1"), ("user", "q2"), ("assistant", "a2")]
    example = Example.from_row({"messages": [{"role": role, "content": text} for role, text in turns]})
    assert (example.system, example.question, example.answer) == ("S", "q2", "a2")
    assert example.kind == "chat"


def test_text_parts_are_joined() -> None:
    """Images have no text."""
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "b"},
    ]
    example = Example.from_row({"messages": [{"role": "user", "content": parts}]})
    assert example.question == "ab"
    assert example.messages[0].text == "ab"
    assert example.messages[0].content == tuple(parts)


def test_an_answer_of_calls_is_their_canonical_json() -> None:
    """So two equal calls are equal answers."""
    example = Example.from_row({"messages": [{"role": "assistant", "content": None, "tool_calls": [CALL]}]})
    assert example.answer == canonical_json([CALL]).decode()
    assert example.messages[0].tool_calls == (CALL,)


def test_a_row_that_ends_with_a_question_is_for_reinforcement() -> None:
    """There is nothing to imitate in it."""
    example = Example.from_row({"messages": [{"role": "user", "content": "q"}], "reference": 3})
    assert (example.kind, example.answer) == ("reinforcement", "")


def test_a_preference_row_answers_with_the_preferred_output() -> None:
    """Its question is that of the input."""
    example = Example.from_row(
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "assistant", "content": "good"}],
            "non_preferred_output": [{"role": "assistant", "content": "bad"}],
        }
    )
    assert (example.kind, example.question, example.answer) == ("preference", "q", "good")
    assert [message.role for message in example.messages] == ["user", "assistant"]


def test_the_fact_is_no_part_of_the_row(chat: Any) -> None:
    """Neither of its canonical form nor of its identity."""
    with_fact, without = Example.from_row(chat(fact="f")), Example.from_row(chat())
    assert "fact" not in with_fact.row
    assert (with_fact.fact, without.fact) == ("f", "q")
    assert with_fact == without
    assert with_fact.digest == without.digest
    assert len({with_fact, without}) == 1


def test_a_given_fact_wins_over_the_key(chat: Any) -> None:
    """The argument is the more explicit one."""
    assert Example.from_row(chat(fact="key"), fact="argument").fact == "argument"


def test_a_row_without_a_question_is_a_fact_of_its_own() -> None:
    """Otherwise all of them would contradict each other."""
    one, two = (Example.from_row({"messages": [{"role": "assistant", "content": text}]}) for text in "ab")
    assert one.fact != two.fact


def test_a_fact_that_is_no_text_is_refused(chat: Any) -> None:
    """Numbers would not compare with the texts that other files use."""
    with pytest.raises(DatasetError, match="a fact is a text"):
        Example.from_row(chat(fact=3))


def test_an_example_is_restored_from_its_canonical_form(chat: Any) -> None:
    """As the lineage stores it."""
    example = Example.from_row(chat("質問", fact="f"))
    again = Example.from_canonical(example.canonical, fact=example.fact)
    assert (again, again.fact, again.row) == (example, "f", example.row)


@pytest.mark.parametrize("data", [b"", b"[]", b"{"])
def test_stored_bytes_that_are_no_row_are_an_error(data: bytes) -> None:
    """A damaged store is noticed where it is read."""
    with pytest.raises(DatasetError, match="not one JSON object"):
        Example.from_canonical(data, fact="f")


def test_nothing_of_a_row_is_in_its_repr(chat: Any) -> None:
    """Prompts and answers do not end up in logs."""
    example = Example.from_row(chat("secret question", "secret answer", system="secret", fact="secret"))
    assert "secret" not in repr([example, *example.messages])
    assert "secret" not in repr(Message(role="user", content="secret", name="secret"))


def test_examples_can_be_pickled(chat: Any) -> None:
    """For worker processes."""
    example = Example.from_row(chat(fact="f"))
    assert pickle.loads(pickle.dumps(example)) == example


def test_no_example_equals_something_else(chat: Any) -> None:
    """Not even its row."""
    assert Example.from_row(chat()) != chat()
