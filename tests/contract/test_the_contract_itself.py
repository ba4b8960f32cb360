"""The contract catches what it is meant to catch, and asks nothing of a backend that it does not claim."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

import pytest
from typing_extensions import override

from aoai_finetune.backends import (
    Backend,
    Capabilities,
    EventRecord,
    FileRecord,
    JobRecord,
    JobRequest,
    MockBackend,
)
from aoai_finetune.errors import FineTuneError, NotFound, NotSupported, OutcomeUnknown
from aoai_finetune.testing import BackendContract, Service


class Plain(MockBackend):
    """A mock that claims no optional protocol."""

    @property
    @override
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, chat=False, pause=False, deployments=False, models=False)

    @override
    def chat(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise NotSupported("no chat here")

    @override
    def pause_job(self, *_: object) -> JobRecord:
        raise NotSupported("no pausing here")

    @override
    def list_deployments(self) -> Iterator[None]:  # type: ignore[override]
        raise NotSupported("no deployments here")

    @override
    def list_models(self) -> Iterator[None]:  # type: ignore[override]
        raise NotSupported("no models here")


class TestPlain(BackendContract):
    """A backend without chat, pausing, deployments and models can pass."""

    @pytest.fixture
    @override
    def backend(self) -> Iterator[Backend]:
        with Plain() as backend:
            yield backend


class BuysTwice(Plain):
    """Sends each creation twice."""

    @override
    def create_job(self, request: JobRequest, /) -> JobRecord:
        super().create_job(request)
        return super().create_job(request)


class OldestFirst(Plain):
    """Lists jobs in the wrong order."""

    @override
    def list_jobs(self) -> Iterator[JobRecord]:
        return reversed(list(super().list_jobs()))


class OnePage(Plain):
    """Shows twenty jobs and files, and forgets the rest."""

    @override
    def list_jobs(self) -> Iterator[JobRecord]:
        return iter(list(super().list_jobs())[:20])

    @override
    def list_files(self) -> Iterator[FileRecord]:
        return iter(list(super().list_files())[:20])


class SaysItTwice(Plain):
    """Repeats events where pages meet."""

    @override
    def list_events(self, job_id: str, /) -> Iterator[EventRecord]:
        events = list(super().list_events(job_id))
        return iter([*events[:3], *events[2:]])


class Untyped(Plain):
    """Lets the client's own errors through."""

    @override
    def get_file(self, file_id: str, /) -> FileRecord:
        try:
            return super().get_file(file_id)
        except NotFound:
            raise KeyError(file_id) from None


class Unsure(Plain):
    """Takes every refusal for an unclear outcome."""

    @override
    def create_job(self, request: JobRequest, /) -> JobRecord:
        try:
            return super().create_job(request)
        except FineTuneError as refused:
            raise OutcomeUnknown(str(refused)) from None


class Chatty(Plain):
    """Shows its key."""

    @override
    def __repr__(self) -> str:
        return "Chatty(key='not-to-be-seen')"


class Windows(Plain):
    """Changes the rows on the way."""

    @override
    def upload_file(self, content: BinaryIO, /, *, filename: str) -> FileRecord:
        changed = io.BytesIO(content.read().replace(b"\n", b"\r\n"))
        return super().upload_file(changed, filename=filename)


class Boastful(Plain):
    """Claims chat without methods for it."""

    @property
    @override
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, chat=True)


class Renamed(Plain):
    """Is another resource after every job."""

    @property
    @override
    def resource(self) -> str:
        return f"mock:{len(list(self.list_jobs()))}"


class Strict(BackendContract):
    """The contract with a secret to look for."""

    secrets = ("not-to-be-seen",)


Test = Callable[[BackendContract, Service], None]
CAUGHT: tuple[tuple[type[Plain], Test], ...] = (
    (BuysTwice, BackendContract.test_a_created_job_is_found_at_once_by_its_file),
    (BuysTwice, BackendContract.test_several_threads_may_use_it),
    (OldestFirst, BackendContract.test_jobs_are_listed_newest_first),
    (OnePage, BackendContract.test_all_jobs_are_listed_once_over_all_pages),
    (OnePage, BackendContract.test_all_files_are_listed_once_over_all_pages),
    (SaysItTwice, BackendContract.test_events_come_newest_first_and_once),
    (Untyped, BackendContract.test_a_deleted_file_is_gone),
    (Unsure, BackendContract.test_an_unknown_training_file_is_refused),
    (Unsure, BackendContract.test_too_few_rows_leave_no_job_that_succeeds),
    (Chatty, BackendContract.test_secrets_are_never_seen),
    (Windows, BackendContract.test_an_uploaded_file_can_be_read_back),
    (Boastful, BackendContract.test_capabilities_say_what_is_there),
    (Renamed, BackendContract.test_the_resource_has_one_name),
)


@pytest.mark.parametrize(
    ("broken", "test"), CAUGHT, ids=[f"{broken.__name__}-{test.__name__}" for broken, test in CAUGHT]
)
def test_a_broken_backend_is_caught(broken: type[Plain], test: Test) -> None:
    """Each mistake fails the test that is about it, and an honest backend does not."""
    test(Strict(), Service(backend=Plain(), model=Strict.model))
    with pytest.raises((AssertionError, KeyError, pytest.fail.Exception)):
        test(Strict(), Service(backend=broken(), model=Strict.model))


def test_a_forgotten_fixture_says_what_to_do() -> None:
    """The one thing that an author must give."""
    fixture = BackendContract.backend
    with pytest.raises(NotImplementedError, match="override the fixture"):
        fixture._get_wrapped_function()(BackendContract())
