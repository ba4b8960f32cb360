"""The simulated resource: what a training service does, with no client, no HTTP and no faults in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, runtime_checkable

from .._clock import Clock
from . import _deployments, _files, _jobs, _life, _models, _uploads
from ._catalogue import catalogue
from ._checks import Limits
from ._refusal import ServiceFault
from ._store import Records, Store
from ._world import Moment, World
from .engines import Engine, engine_named

__all__ = ["Movable", "SimulatedResource"]

_Arguments = ParamSpec("_Arguments")
_Reply = TypeVar("_Reply")


@runtime_checkable
class Movable(Protocol):
    """A clock that can be set forward, such as `VirtualClock`."""

    def advance_to(self, moment: float, /) -> None:
        """Move the clock forward to `moment` (Unix seconds); a moment that has passed changes nothing."""
        ...


_CHANGES: Mapping[str, Callable[..., object]] = {
    "upload_file": _files.upload_file,
    "import_file": _files.import_file,
    "create_upload": _uploads.create_upload,
    "add_part": _uploads.add_part,
    "complete_upload": _uploads.complete_upload,
    "cancel_upload": _uploads.cancel_upload,
    "delete_job": _jobs.delete_job,
    "delete_file": _files.delete_file,
    "create_job": _jobs.create_job,
    "cancel_job": _jobs.cancel_job,
    "pause_job": _jobs.pause_job,
    "resume_job": _jobs.resume_job,
    "create_deployment": _deployments.create_deployment,
    "delete_deployment": _deployments.delete_deployment,
}
_ADVANCE: Mapping[str, Callable[[Moment, str], None]] = {
    "file": _files.advance_file,
    "upload": _uploads.advance_upload,
    "job": _life.advance_job,
    "deployment": _deployments.advance_deployment,
}


class SimulatedResource:
    """Files, jobs, models, deployments and chat of one Azure-like resource, in its own time.

    Each method is one request: wire-shaped arguments in, a wire-shaped reply out, `ServiceFault` for a refusal.
    Before each, the world is brought up to the clock's time: files get checked, jobs start, train and end.
    Time never runs backwards; a clock that can be set (`VirtualClock`) and is behind the resource is moved up to it. The same requests
    at the same times give the same replies, ids and weights for one `seed`.

    Args:
        path: folder for `resource.db`, or None to keep everything in memory.
        clock: the time to live in.
        seed: decides ids and training seeds of a new resource; an existing one keeps its own.
        engine: the learner behind the models, or its name.
        models: names of the catalogue models; None for the built-in catalogue.
        limits: quotas.
        name: the resource's name, None for a random one that an existing resource keeps.

    Raises:
        ValueError: an unknown engine, or a folder whose models another engine trained.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        clock: Clock,
        seed: int,
        engine: str | Engine,
        models: Sequence[str] | None = None,
        limits: Limits | None = None,
        name: str | None = None,
    ) -> None:
        learner = engine_named(engine) if isinstance(engine, str) else engine
        self._clock = clock
        self._world = World(engine=learner, catalogue=catalogue(models), limits=limits or Limits())
        self._store = Store(None if path is None else Path(fspath(path)))
        with self._store.transaction() as records:
            made_by = records.setting("engine", learner.name)
            if made_by != learner.name:
                raise ValueError(
                    f"the resource's models were trained by the engine {made_by!r}, not {learner.name!r}"
                )
            self._name = records.setting("name", name or os.urandom(4).hex())
            for setting, value in (("engine", learner.name), ("name", self._name), ("seed", str(seed))):
                records.set(setting, records.setting(setting, value))
            self._time(records)

    @property
    def name(self) -> str:
        """The resource's name; two resources have different ones unless they were given the same."""
        return self._name

    @property
    def engine(self) -> Engine:
        """The learner behind the models."""
        return self._world.engine

    @property
    def limits(self) -> Limits:
        """The quotas."""
        return self._world.limits

    def close(self) -> None:
        """Let go of the file; what was in memory is gone."""
        self._store.close()

    def upload_file(
        self,
        *,
        filename: str,
        content: bytes,
        purpose: str = "fine-tune",
        expires_after: int | None = None,
    ) -> dict[str, Any]:
        """`POST /files`. A file may be told to expire after so many seconds."""
        return self._do(
            _files.upload_file,
            filename=filename,
            content=content,
            purpose=purpose,
            expires_after=expires_after,
        )

    def import_file(
        self,
        *,
        filename: str,
        content_url: str,
        purpose: str = "fine-tune",
        expires_after: int | None = None,
    ) -> dict[str, Any]:
        """`POST /files/import`. Nothing is fetched: `publish_url` tells what a URL holds."""
        return self._do(
            _files.import_file,
            filename=filename,
            content_url=content_url,
            purpose=purpose,
            expires_after=expires_after,
        )

    def publish_url(self, url: str, content: bytes, /) -> None:
        """Let a URL hold content for `import_file`; an instruction to the simulation."""
        self._do(_files.publish_url, url=url, content=content)

    def get_file(self, *, file_id: str) -> dict[str, Any]:
        """`GET /files/{id}`."""
        return self._do(_files.get_file, file_id=file_id)

    def list_files(
        self, *, after: str | None = None, limit: int = 20, purpose: str | None = None
    ) -> dict[str, Any]:
        """`GET /files`, newest first."""
        return self._do(_files.list_files, after=after, limit=limit, purpose=purpose)

    def read_file(self, *, file_id: str) -> bytes:
        """`GET /files/{id}/content`."""
        return self._do(_files.read_file, file_id=file_id)

    def delete_file(self, *, file_id: str) -> dict[str, Any]:
        """`DELETE /files/{id}`."""
        return self._do(_files.delete_file, file_id=file_id)

    def create_upload(self, *, filename: str, size: int, purpose: str = "fine-tune") -> dict[str, Any]:
        """`POST /uploads`: begin a file of `size` bytes that comes in parts."""
        return self._do(_uploads.create_upload, filename=filename, size=size, purpose=purpose)

    def add_part(self, *, upload_id: str, content: bytes) -> dict[str, Any]:
        """`POST /uploads/{id}/parts`."""
        return self._do(_uploads.add_part, upload_id=upload_id, content=content)

    def complete_upload(
        self, *, upload_id: str, part_ids: Sequence[str], md5: str | None = None
    ) -> dict[str, Any]:
        """`POST /uploads/{id}/complete`: the parts in this order become a file."""
        return self._do(_uploads.complete_upload, upload_id=upload_id, part_ids=part_ids, md5=md5)

    def cancel_upload(self, *, upload_id: str) -> dict[str, Any]:
        """`POST /uploads/{id}/cancel`."""
        return self._do(_uploads.cancel_upload, upload_id=upload_id)

    def create_job(self, *, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /fine_tuning/jobs`."""
        return self._do(_jobs.create_job, body=body)

    def get_job(self, *, job_id: str) -> dict[str, Any]:
        """`GET /fine_tuning/jobs/{id}`."""
        return self._do(_jobs.get_job, job_id=job_id)

    def list_jobs(self, *, after: str | None = None, limit: int = 20) -> dict[str, Any]:
        """`GET /fine_tuning/jobs`, newest first."""
        return self._do(_jobs.list_jobs, after=after, limit=limit)

    def delete_job(self, *, job_id: str) -> None:
        """`DELETE /fine_tuning/jobs/{id}`: the job, and the models it made."""
        self._do(_jobs.delete_job, job_id=job_id)

    def cancel_job(self, *, job_id: str) -> dict[str, Any]:
        """`POST /fine_tuning/jobs/{id}/cancel`."""
        return self._do(_jobs.cancel_job, job_id=job_id)

    def pause_job(self, *, job_id: str) -> dict[str, Any]:
        """`POST /fine_tuning/jobs/{id}/pause`."""
        return self._do(_jobs.pause_job, job_id=job_id)

    def resume_job(self, *, job_id: str) -> dict[str, Any]:
        """`POST /fine_tuning/jobs/{id}/resume`."""
        return self._do(_jobs.resume_job, job_id=job_id)

    def list_events(self, *, job_id: str, after: str | None = None, limit: int = 20) -> dict[str, Any]:
        """`GET /fine_tuning/jobs/{id}/events`, newest first."""
        return self._do(_jobs.list_events, job_id=job_id, after=after, limit=limit)

    def list_checkpoints(self, *, job_id: str, after: str | None = None, limit: int = 10) -> dict[str, Any]:
        """`GET /fine_tuning/jobs/{id}/checkpoints`, newest first."""
        return self._do(_jobs.list_checkpoints, job_id=job_id, after=after, limit=limit)

    def get_model(self, *, model: str) -> dict[str, Any]:
        """`GET /models/{id}`."""
        return self._do(_models.get_model, model=model)

    def list_models(self) -> dict[str, Any]:
        """`GET /models`."""
        return self._do(_models.list_models)

    def known_models(self) -> list[str]:
        """Every name that may stand in a request's `model`; not a request of the service."""
        return self._do(_models.known_models)

    def create_deployment(
        self,
        *,
        name: str,
        model: str,
        sku: str = "standard",
        capacity: int = 1,
        version: str = "1",
        source: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """`PUT …/deployments/{name}`; `source` names the resource a model was copied from, and is only kept."""
        return self._do(
            _deployments.create_deployment,
            name=name,
            model=model,
            sku=sku,
            capacity=capacity,
            version=version,
            source=source,
        )

    def get_deployment(self, *, name: str) -> dict[str, Any]:
        """`GET …/deployments/{name}`."""
        return self._do(_deployments.get_deployment, name=name)

    def list_deployments(self) -> dict[str, Any]:
        """`GET …/deployments`."""
        return self._do(_deployments.list_deployments)

    def delete_deployment(self, *, name: str) -> None:
        """`DELETE …/deployments/{name}`."""
        self._do(_deployments.delete_deployment, name=name)

    def chat(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        temperature: float = 0,
        max_tokens: int | None = None,
        seed: int | None = None,
        n: int = 1,
        stop: Sequence[str] = (),
        deployed_only: bool = True,
    ) -> dict[str, Any]:
        """`POST …/chat/completions`. With `deployed_only=False` a model answers under its own name, too.

        Of `n` answers the first is the one a request for a single answer gets.
        """
        with self._moment() as moment:
            asked = _deployments.find_model(moment, model, messages, deployed_only=deployed_only)
        texts = [
            self.engine.answer(
                asked.weights,
                messages,
                model=asked.model,
                temperature=temperature,
                seed=None if seed is None else seed + number,
            )
            for number in range(n)
        ]
        shown = [_deployments.shortened(text, stop, max_tokens) for text in texts]
        return _deployments.completion(asked, messages, shown)

    def doom_job(self, *, job_id: str, code: str, message: str) -> None:
        """Make a job that is not over fail with this reason; an instruction to the simulation."""
        self._do(_jobs.doom_job, job_id=job_id, code=code, message=message)

    def receive_later(self, operation: str, delay: float, arguments: Mapping[str, object], /) -> None:
        """Let a request of a changing operation arrive `delay` seconds from now; nobody hears the reply.

        `arguments` are those of the method called `operation`, and must be JSON but for the bytes in `content`.
        """
        plain = {name: value for name, value in arguments.items() if not isinstance(value, bytes)}
        with self._moment() as moment:
            name = moment.new_id("late")
            moment.records.add(
                "late", name, {"operation": operation, "arguments": plain}, due=moment.now + delay
            )
            for value in arguments.values():
                if isinstance(value, bytes):
                    moment.records.put_blob(f"late:{name}", value)

    def _do(
        self,
        action: Callable[Concatenate[Moment, _Arguments], _Reply],
        *args: _Arguments.args,
        **given: _Arguments.kwargs,
    ) -> _Reply:
        with self._moment() as moment:
            return action(moment, *args, **given)

    @contextmanager
    def _moment(self) -> Generator[Moment]:
        """The present, after everything that was due has happened; a refusal takes nothing of that back."""
        refusal: ServiceFault | None = None
        with self._store.transaction() as records:
            moment = Moment(self._world, records, self._time(records))
            self._advance(moment)
            try:
                with records.savepoint():
                    yield moment
            except ServiceFault as fault:
                refusal = fault
        if refusal is not None:
            raise refusal

    def _time(self, records: Records) -> float:
        stored, now = float(records.setting("now", "0")), self._clock.now()
        if now < stored and isinstance(self._clock, Movable):
            self._clock.advance_to(stored)
        if now > stored:
            records.set("now", repr(now))
        return max(now, stored)

    def _advance(self, present: Moment) -> None:
        while due := present.records.next_due(present.now):
            moment = replace(present, now=due.time)
            if due.kind == "late":
                self._arrive(moment, due.id)
            else:
                _ADVANCE[due.kind](moment, due.id)

    def _arrive(self, moment: Moment, name: str) -> None:
        late = moment.records.get("late", name) or {}
        moment.records.remove("late", name)
        arguments = late["arguments"]
        if late["operation"] in {"upload_file", "add_part"}:
            arguments["content"] = moment.records.blob(f"late:{name}")
            moment.records.remove_blob(f"late:{name}")
        with suppress(ServiceFault), moment.records.savepoint():
            _CHANGES[late["operation"]](moment, **arguments)
