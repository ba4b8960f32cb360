"""Errors are typed, picklable, and say what to do."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from aoai_finetune import errors
from aoai_finetune.errors import DatasetError, FineTuneError, OutcomeUnknown, ServiceError

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, FineTuneError)]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_survives_pickling_and_copying(cls: type[FineTuneError]) -> None:
    """With its text, its hint and its notes."""
    error = cls("something happened", hint="Do this")
    error.add_note("and this")
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is cls
        assert str(twin) == str(error)
        assert (twin.hint, twin.__notes__) == ("Do this", ["and this"])


@pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if cls is not FineTuneError], ids=lambda cls: cls.__name__
)
def test_every_error_is_also_a_standard_error(cls: type[FineTuneError]) -> None:
    """Callers who know only the standard library catch it too."""
    standard = (ValueError, RuntimeError, LookupError, TimeoutError, NotImplementedError)
    assert issubclass(cls, standard)


def test_the_message_begins_with_the_place_and_ends_with_the_remedy() -> None:
    """File, line and path; status and code."""
    where = DatasetError("role is missing", source="a.jsonl", line=3, path="messages[0].role", hint="Add it")
    assert str(where) == "a.jsonl, line 3, messages[0].role: role is missing. Add it"
    assert str(ServiceError("No.", status=400, code="invalidPayload")) == "HTTP 400 invalidPayload: No."
    assert str(FineTuneError("plain")) == "plain"


def test_fields_survive_pickling() -> None:
    """A worker's error is as good as our own."""
    error = OutcomeUnknown("?", status=503, code="busy", request_id="r-1", retryable=True, retry_after=2.0)
    twin = pickle.loads(pickle.dumps(error))
    assert vars(twin) == vars(error)
