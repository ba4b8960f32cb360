"""A whole life with canaries in it: every public thing is made, every sink is written to, and all of it is kept."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import io
import logging
import warnings
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

import aoai_finetune
from aoai_finetune import Dataset, FineTuneJob, MockBackend, ModelLineage, Naive, ProbeSet, Replay, wait_all
from aoai_finetune.backends import Fault, JobRequest
from aoai_finetune.evaluation import Probe
from aoai_finetune.testing import Emulator

__all__ = ["ANSWER", "KEY", "PROMPT", "TOKEN", "Life", "has_instances", "lived", "public_classes"]

KEY, TOKEN = "canary0key7f3a9c", "canary0token5e1d8b"
PROMPT, ANSWER = "canary-prompt-zq81", "canary-answer-vx27"
BASE = "gpt-4.1-mini-2025-04-14"
ENOUGH = 12


def public_classes() -> dict[type, str]:
    """Every class that a front door shows, with the door's name."""
    root = Path(aoai_finetune.__file__).parent
    doors = {".".join(path.parent.relative_to(root.parent).parts) for path in root.rglob("__init__.py")}
    found: dict[type, str] = {}
    for door in sorted(doors | {"aoai_finetune.errors"}):
        module = importlib.import_module(door)
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if inspect.isclass(thing) and thing.__module__.startswith("aoai_finetune"):
                found.setdefault(thing, door)
    return found


def has_instances(cls: type) -> bool:
    """A class that objects are made of: not a protocol, an enumeration or a test class."""
    shapes = getattr(cls, "_is_protocol", False) or hasattr(cls, "__total__") or issubclass(cls, Enum)
    return not shapes and not cls.__name__.endswith("Contract")


@dataclass
class Life:
    """What was made, said and written."""

    made: dict[type, list[Any]] = field(default_factory=lambda: defaultdict(list), repr=False)
    errors: list[BaseException] = field(default_factory=list[BaseException], repr=False)
    logged: list[str] = field(default_factory=list[str], repr=False)
    warned: list[str] = field(default_factory=list[str], repr=False)
    exports: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    folder: Path = Path()

    def keep(self, thing: Any) -> None:
        """Have a look at this one, too."""
        self.made[type(thing)].append(thing)

    def everything(self) -> list[Any]:
        """All things that were made, each once."""
        return list({id(thing): thing for made in self.made.values() for thing in made}.values())

    @contextmanager
    def expecting(self) -> Generator[None]:
        """Keep the error that ends the block."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            self.errors.append(error)


class _Keeping(logging.Handler):
    def __init__(self, life: Life) -> None:
        super().__init__(level=0)
        self._life = life

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._life.logged.append(f"{record.name}: {record.getMessage()} {record.exc_text or ''}")


@contextmanager
def _listening(life: Life) -> Generator[None]:
    root, handler = logging.getLogger(), _Keeping(life)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
        life.warned += [str(each.message) for each in warned]
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@contextmanager
def _remembering(life: Life) -> Generator[None]:
    """Keep the first objects of every public class, also those that a program never sees."""
    with pytest.MonkeyPatch.context() as patch:
        for cls in filter(has_instances, public_classes()):
            init = inspect.getattr_static(cls, "__init__")
            if inspect.isfunction(init):
                patch.setattr(cls, "__init__", _kept(cls, init, life))
        yield


def _kept(cls: type, init: Callable[..., None], life: Life) -> Callable[..., None]:
    def initialise(self: Any, *args: Any, **given: Any) -> None:
        init(self, *args, **given)
        if len(life.made[cls]) < ENOUGH:
            life.made[cls].append(self)

    return initialise


def rows(count: int = 12, *, named: bool = False) -> Dataset:
    """Rows whose questions and answers are canaries; facts are named or derived from the question."""
    pairs = [(f"{PROMPT} {n}?", f"{ANSWER} {n}.") for n in range(count)]
    facts = [f"fact {n}" for n in range(count)] if named else None
    return Dataset.from_pairs(pairs, system=f"{PROMPT} system", fact=facts)


def probes() -> ProbeSet:
    """Probes with canaries in question, answer and stale answer."""
    return ProbeSet(
        [
            Probe(
                fact=f"fact {n}",
                question=f"{PROMPT} {n} again?",
                expected=(f"{ANSWER} {n}.",),
                stale=(f"{ANSWER} old",),
            )
            for n in range(6)
        ]
    )


@contextmanager
def lived(folder: Path) -> Generator[Life]:
    """A life in a folder; its backends and lineages are open inside the block."""
    life = Life(folder=folder)
    with (
        _listening(life),
        Emulator(folder / "azure", key=KEY, token=TOKEN) as emulator,
        ModelLineage(folder / "v1.db", backend=emulator.backend("v1", "key")) as lineage,
        ModelLineage(folder / "dated.db", backend=emulator.backend("dated", "token")) as other,
    ):
        with _remembering(life):
            _life(life, lineage)
            _mistakes(life, lineage.jobs()[0].backend)
            asyncio.run(_async_life(other))
            _bad_weather(life)
        life.keep(lineage)
        yield life


def _life(life: Life, lineage: ModelLineage) -> None:
    data = rows(named=True)
    report = data.validate(level="deep")
    rows(4).validate()
    first = lineage.fine_tune(BASE, data, suffix="canary").wait(progress=False)
    plan = lineage.plan(first, rows(10), strategy=Replay(passes=2, fraction=0.5))
    second = lineage.train(plan).wait(progress=False)
    list(second.events())
    life.made[list] += [second.checkpoints(), second.metrics()]
    life.made[list] += [list(lineage.jobs()[0].backend.list_models())]  # type: ignore[attr-defined]
    with lineage.deployed(first, second):
        life.made[list] += [lineage.deployments()]
        comparison = lineage.compare(
            lineage.version(first), lineage.version(second), probes(), progress=False
        )
    lineage.promote(first, because="a canary")
    life.made[list] += [lineage.promotions, lineage.history(second)]
    lineage.sync()
    comparison.to_html(life.folder / "comparison.html")
    life.exports |= {
        "plan": str(plan),
        "report": report.to_json() if hasattr(report, "to_json") else str(report),
        "comparison": str(comparison.to_json()),
        "lineage": str(lineage),
    }


async def _async_life(lineage: ModelLineage) -> None:
    job = await lineage.fine_tune_async(BASE, rows(), seed=7)
    await job.wait_async(progress=False)
    wait_all([job], progress=False)
    again = await lineage.continue_from_async(job, rows(11), strategy=Naive(passes=2))
    async for _ in again.events_async(follow=True):
        pass


def _mistakes(life: Life, backend: Any) -> None:
    """What goes wrong without any bad weather."""
    messages = [{"role": "user", "content": PROMPT}]
    calls: tuple[Callable[[], object], ...] = (
        lambda: backend.get_job("ftjob-0"),
        lambda: backend.get_file("file-0"),
        lambda: backend.chat("nobody", messages),
        lambda: backend.chat("nobody", [{"role": PROMPT, "content": 5}]),
        lambda: backend.create_job(JobRequest(model=BASE, training_file="file-0", training_type="standard")),
        lambda: backend.upload_file(io.BytesIO(PROMPT.encode()), filename="rows.jsonl"),
        lambda: backend.create_deployment("canary", "no-such-model"),
        lambda: backend.get_model("no-such-model"),
        lambda: FineTuneJob.submit(backend, model=BASE, training=rows(3), training_type="standard"),
        lambda: rows(3).validate().raise_for_errors(),
        lambda: Dataset.from_jsonl(f'{{"messages": "{PROMPT}"}}\n'.encode()).validate().raise_for_errors(),
        lambda: list(Dataset.from_jsonl(f'{{"messages": {PROMPT}\n'.encode())),
        lambda: Dataset.from_pairs([(PROMPT, 5)]),  # type: ignore[list-item]
        lambda: Probe(fact="f", question=PROMPT, expected=()),
    )
    for call in calls:
        with life.expecting():
            call()


def _bad_weather(life: Life) -> None:
    """Every operation under every kind of fault, on both surfaces and without a wire."""
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("refused", {}),
        ("lost_request", {}),
        ("truncated", {}),
        ("invalid_json", {}),
        ("wrong_type", {}),
        ("http", {"status": 400}),
        ("http", {"status": 401}),
        ("http", {"status": 403}),
        ("http", {"status": 404}),
        ("http", {"status": 429}),
        ("http", {"status": 500}),
        ("redirect", {"location": "https://attacker.example/"}),
    )
    for kind, more in kinds:
        faults = [
            Fault(name, kind, **more)
            for name in ("upload_file", "create_job", "get_job", "chat", "create_deployment")
        ]
        with Emulator(key=KEY, token=TOKEN, faults=faults) as emulator:
            for surface, auth in (("v1", "token"), ("dated", "key")):
                _each(life, emulator.backend(surface, auth))  # type: ignore[arg-type]
        with MockBackend(faults=faults) as mock:
            _each(life, mock)


def _each(life: Life, backend: Any) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: backend.upload_file(io.BytesIO(PROMPT.encode()), filename="rows.jsonl"),
        lambda: backend.create_job(JobRequest(model=BASE, training_file="file-0", training_type="standard")),
        lambda: backend.get_job("ftjob-0"),
        lambda: backend.chat("nobody", [{"role": "user", "content": PROMPT}]),
        lambda: backend.create_deployment("canary", BASE),
    )
    for call in calls:
        with life.expecting():
            call()
