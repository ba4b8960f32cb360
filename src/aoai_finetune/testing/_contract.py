"""The tests that a new backend has to pass: subclass, give a backend, run pytest."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..backends import Backend, Chat, Deployments, Models, Pausable
from ..dataset import Dataset
from ..errors import FineTuneError, NotFound, NotSupported
from ..jobs import FineTuneJob, wait_all
from ._contract_files import FilesContract
from ._contract_jobs import JobsContract
from ._contract_service import Contract, Service
from ._contract_serving import ChatContract, DeploymentsContract, ModelsContract, PausableContract

__all__ = [
    "BackendContract",
    "ChatContract",
    "DeploymentsContract",
    "ModelsContract",
    "PausableContract",
    "Service",
]

_OPTIONAL: Mapping[str, tuple[type, type[Contract], Callable[[Any], object]]] = {
    "chat": (Chat, ChatContract, lambda backend: backend.chat("model", [{"role": "user", "content": "?"}])),
    "pause": (Pausable, PausableContract, lambda backend: backend.pause_job("ftjob-1")),
    "deployments": (Deployments, DeploymentsContract, lambda backend: list(backend.list_deployments())),
    "models": (Models, ModelsContract, lambda backend: list(backend.list_models())),
}
"""Capability: its protocol, its contract, and a call that a backend without it refuses."""


class BackendContract(FilesContract, JobsContract):
    """What every `Backend` promises, as tests. Subclass it, and override the fixture `backend`.

    Add the contract of each optional protocol that `capabilities` claims; a test says so where one is forgotten.

        class TestMyBackend(BackendContract, ChatContract):
            model = "my-base-model"

            @pytest.fixture
            def backend(self) -> Iterator[Backend]:
                with MyBackend(...) as backend:
                    yield backend

    Each test takes the fixture `service`, which is the backend with some steps on it. Waiting is done on
    `backend.clock`, so a simulated service costs no time. The resource need not be empty, and nothing in it is
    touched but what a test has made; files and jobs that tests make are left there. Against a service that
    bills, one run is about 40 small trainings and, with deployments, about 10 short-lived deployments.
    """

    def test_capabilities_say_what_is_there(self, service: Service) -> None:
        """A flag that is set has its methods and its contract; one that is not refuses with `NotSupported`."""
        backend, can = service.backend, service.backend.capabilities
        for flag, (protocol, contract, call) in _OPTIONAL.items():
            if getattr(can, flag):
                assert isinstance(backend, protocol), f"capabilities.{flag} is set, and methods are missing"
                assert isinstance(self, contract), f"{type(self).__name__} must inherit {contract.__name__}"
            elif isinstance(backend, protocol):
                with pytest.raises(NotSupported):
                    call(backend)

    def test_it_is_a_backend_with_sensible_limits(self, service: Service) -> None:
        """All methods of the protocol, and capabilities that do not change."""
        backend, can = service.backend, service.backend.capabilities
        assert isinstance(backend, Backend)
        assert can == backend.capabilities
        assert can.provider
        assert can.methods
        assert can.min_examples >= 1
        assert can.max_file_bytes > 0

    def test_the_resource_has_one_name(self, service: Service) -> None:
        """It is stored with every file, job and version, so it must not change with what was done."""
        before = service.backend.resource
        service.start()
        assert before == service.backend.resource
        assert before.strip() == before != ""

    def test_secrets_are_never_seen(self, service: Service) -> None:
        """Not in the resource's name, nor in the text of the backend, its records or its errors."""
        job = service.train()
        with pytest.raises(FineTuneError) as missing:
            service.backend.get_job("ftjob-00000000000000000000000000000000")
        seen = [
            service.backend,
            service.backend.resource,
            service.backend.capabilities,
            job,
            missing.value,
            vars(missing.value),
            *service.backend.list_events(job.id),
        ]
        shown = "\n".join(f"{each!r} {each}" for each in seen)
        assert [secret for secret in self.secrets if secret in shown] == []
        assert missing.value.__cause__ is None

    def test_rows_are_not_seen_in_records(self, service: Service) -> None:
        """No question and no answer stands in the text of a file, a job or an event."""
        content = service.rows(answer="The quiet answer {}.")
        file = service.upload(content)
        job = service.finished(service.backend.create_job(service.request(file.id)))
        seen = [file, job, *service.backend.list_events(job.id)]
        assert "quiet answer" not in "\n".join(f"{each!r} {each}" for each in seen)

    def test_records_and_errors_can_be_copied_and_pickled(self, service: Service) -> None:
        """They cross threads, processes and files."""
        file = service.upload()
        job = service.backend.create_job(service.request(file.id))
        for record in (file, job, *service.backend.list_events(job.id), service.backend.capabilities):
            assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301 - pickled a moment ago, here
            assert copy.deepcopy(record) == record
        with pytest.raises(NotFound) as missing:
            service.backend.get_file("file-00000000000000000000000000000000")
        again = pickle.loads(pickle.dumps(missing.value))  # noqa: S301 - pickled a moment ago, here
        assert (type(again), str(again)) == (NotFound, str(missing.value))

    def test_time_passes_when_somebody_sleeps(self, service: Service) -> None:
        """`jobs` waits on this clock, blocking or in an event loop."""
        clock = service.backend.clock
        before = clock.now()
        clock.sleep(0.01)
        between = clock.now()
        asyncio.run(clock.sleep_async(0.01))
        assert before < between < clock.now()

    def test_several_threads_may_use_it(self, service: Service) -> None:
        """Each thread's job is its own."""
        file = service.upload()

        def work(seed: int) -> str:
            job = service.backend.create_job(service.request(file.id, seed=seed))
            assert service.backend.get_job(job.id).id == job.id
            assert file.id in {found.id for found in service.backend.list_files()}
            return service.backend.cancel_job(job.id).id

        with ThreadPoolExecutor(max_workers=4) as pool:
            made = list(pool.map(work, range(8)))
        assert sorted(service.made_of(file.id)) == sorted(set(made))

    def test_a_job_can_be_submitted_watched_and_read(self, service: Service) -> None:
        """What `FineTuneJob` needs is there: submit once, wait, events, metrics, checkpoints."""
        job = FineTuneJob.submit(
            service.backend,
            model=service.model,
            training=self._dataset(service),
            training_type=service.training_type,
        ).wait(timeout=self.patience, progress=False)
        assert job.raise_for_status().fine_tuned_model
        ids = [event.id for event in job.events()]
        assert len(ids) == len(set(ids)) > 0
        assert all("step" in row for row in job.metrics())
        assert FineTuneJob.attach(service.backend, job.id).record == job.record

    def test_many_jobs_can_be_watched_together(self, service: Service) -> None:
        """`wait_all` finds every job in the list."""
        jobs = [
            FineTuneJob.submit(
                service.backend,
                model=service.model,
                training=self._dataset(service),
                training_type=service.training_type,
                seed=seed,
            )
            for seed in (1, 2)
        ]
        assert len({job.id for job in jobs}) == 2
        assert all(job.succeeded for job in wait_all(jobs, timeout=self.patience, progress=False))

    def _dataset(self, service: Service) -> Dataset:
        return Dataset.from_jsonl(service.rows())
