"""A key is in no sink; a prompt and an answer are in none that nobody asked for. Over every public thing."""

from __future__ import annotations

import copy
import io
import pickle
import ssl
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import openai
import pytest

from aoai_finetune import FineTuneJob, ModelLineage
from aoai_finetune.backends import ArmConfig, AzureOpenAIBackend, JobRecord, JobRequest
from aoai_finetune.errors import FineTuneError
from security.capture import captured
from security.gallery import CONTENT, by_hand
from security.story import ANSWER, KEY, PROMPT, TOKEN, Life, has_instances, lived, public_classes

SECRETS = (KEY, TOKEN)
QUIET = (*SECRETS, PROMPT, ANSWER)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """One life for all tests of this file."""
    with lived(tmp_path_factory.mktemp("life")) as life:
        for thing in by_hand(PROMPT, ANSWER):
            life.keep(thing)
        yield life


def hits(text: str, canaries: tuple[str, ...] = QUIET) -> list[str]:
    """The canaries in a text."""
    return [canary for canary in canaries if canary in text]


def shown(thing: object) -> Mapping[str, str]:
    """What a thing says of itself without being asked for content."""
    return {"repr": repr(thing), "str": str(thing), "format": f"{thing}", "in a list": f"{[thing]}"}


def test_no_public_class_is_forgotten(life: Life) -> None:
    """A new one must be met in the story, or made by hand in the gallery."""
    missing = {
        f"{door}.{cls.__name__}"
        for cls, door in public_classes().items()
        if has_instances(cls) and not life.made[cls]
    }
    assert missing == set(), "make one in tests/security/story.py or gallery.py"


def test_nothing_shows_secrets_or_content_of_itself(life: Life) -> None:
    """repr, str, format; also inside a container."""
    found = {
        f"{type(thing).__name__}: {sink}: {found}"
        for thing in life.everything()
        if type(thing).__name__ not in CONTENT
        for sink, text in shown(thing).items()
        if (found := hits(text))
    }
    assert found == set()


def test_html_never_shows_secrets(life: Life) -> None:
    """What a notebook shows; content is only in what was asked for content."""
    found = set[str]()
    for thing in life.everything():
        render: Callable[[], str] | None = getattr(thing, "_repr_html_", None)
        if render is not None:
            may_tell = type(thing).__name__ in {"Comparison", *CONTENT}
            found |= {
                f"{type(thing).__name__}: {hit}" for hit in hits(render(), SECRETS if may_tell else QUIET)
            }
    assert found == set()


def test_copies_and_pickles_hold_no_secrets(life: Life) -> None:
    """What cannot be copied or pickled says so with a `TypeError`; a copy is as quiet as its original."""
    found = set[str]()
    for thing in life.everything():
        with suppress(TypeError, pickle.PicklingError, AttributeError):
            found |= {f"pickle of {type(thing).__name__}" for _ in hits(_latin(pickle.dumps(thing)), SECRETS)}
        for duplicate in (copy.copy, copy.deepcopy):
            with suppress(TypeError, pickle.PicklingError):
                told = shown(duplicate(thing)).values() if type(thing).__name__ not in CONTENT else ()
                found |= {f"copy of {type(thing).__name__}" for text in told if hits(text)}
    assert found == set()


def test_errors_are_quiet_typed_and_alone(life: Life) -> None:
    """Text, arguments, attributes, notes, chain, pickle."""
    assert len(life.errors) > 100
    for error in life.errors:
        assert isinstance(error, FineTuneError | ValueError | TypeError), repr(error)
        told = [
            repr(error),
            str(error),
            repr(error.args),
            repr(vars(error)),
            repr(getattr(error, "__notes__", [])),
        ]
        assert hits("\n".join(told)) == []
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        chained = error.__context__
        assert chained is None or hits(f"{chained!r} {vars(chained)}", SECRETS) == []
        if isinstance(error, FineTuneError):
            assert hits(_latin(pickle.dumps(error))) == []
            assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_tracebacks_with_locals_hold_no_secrets(life: Life) -> None:
    """As error trackers send them; also what an error was raised in the course of."""
    for error in life.errors:
        told = traceback.TracebackException.from_exception(error, capture_locals=True).format(chain=True)
        assert hits("".join(told), SECRETS) == []
        context = error.__context__
        if context is not None:
            frames = traceback.TracebackException.from_exception(context, capture_locals=True).format(
                chain=True
            )
            assert hits("".join(frames), SECRETS) == []


def test_logs_at_debug_hold_neither(life: Life) -> None:
    """Ours, and those of the libraries that our calls go through."""
    names = {line.partition(":")[0].partition(".")[0] for line in life.logged}
    assert {"openai", "httpcore2", "httpx2"} <= names, "the story must be logged to be looked at"
    assert [line for line in life.logged if hits(line)] == []


def test_warnings_hold_neither(life: Life) -> None:
    """Whatever the story warned of."""
    assert [text for text in life.warned if hits(text)] == []


def test_exports_and_files_hold_no_secrets(life: Life) -> None:
    """Reports, comparisons, plans, the store, the emulator's own file: rows may be there, keys never."""
    files = [path for path in life.folder.rglob("*") if path.is_file()]
    assert {"v1.db", "dated.db", "comparison.html", "resource.db"} <= {path.name for path in files}
    assert [path.name for path in files if hits(_latin(path.read_bytes()), SECRETS)] == []
    assert [name for name, text in life.exports.items() if hits(text, SECRETS)] == []
    stored = b"".join(path.read_bytes() for path in files if path.name.startswith("v1.db"))
    assert PROMPT.encode() in stored, "a store without rows would prove nothing"


def test_reports_that_ask_for_no_content_have_none(life: Life) -> None:
    """Findings name lines and paths; a plan counts."""
    assert [name for name in ("plan", "report", "lineage") if hits(life.exports[name])] == []


# -- a service that says too much --------------------------------------------------------------------------------

CALLS: Mapping[str, Callable[[Any], object]] = {
    "get_job": lambda backend: backend.get_job("ftjob-0"),
    "list_jobs": lambda backend: list(backend.list_jobs()),
    "upload_file": lambda backend: backend.upload_file(io.BytesIO(PROMPT.encode()), filename="rows.jsonl"),
    "create_job": lambda backend: backend.create_job(
        JobRequest(model="m", training_file="file-0", training_type="standard")
    ),
    "chat": lambda backend: backend.chat("served", [{"role": "user", "content": PROMPT}]),
    "create_deployment": lambda backend: backend.create_deployment("served", "m"),
    "get_deployment": lambda backend: backend.get_deployment("served"),
}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 429, 500, 503])
@pytest.mark.parametrize("surface", ["v1", "dated"])
def test_what_the_service_repeats_is_not_passed_on(
    surface: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An error body that quotes the request: its credential, by its name and without, and its prompt."""
    with captured() as capture, caplog.at_level(0):
        capture.status = status
        with _backend(surface) as backend:
            for name, call in CALLS.items():
                sent = TOKEN if name.endswith("deployment") else KEY
                quoted = f"Not with {sent}: api-key: {sent}; Authorization: Bearer {sent}; input {PROMPT}"
                capture.body = f'{{"error": {{"code": "quoting", "message": "{quoted}"}}}}'.encode()
                with pytest.raises(FineTuneError) as refused:
                    call(backend)
                told = f"{refused.value!r} {refused.value} {vars(refused.value)}"
                spoken = QUIET if name in {"upload_file", "chat"} else SECRETS
                assert hits(told, spoken) == [], name
        ours = [record for record in caplog.records if record.name.startswith("aoai_finetune")]
        assert [record.getMessage() for record in ours if hits(record.getMessage())] == []


@contextmanager
def _backend(surface: str) -> Generator[AzureOpenAIBackend]:
    http = openai.DefaultHttpxClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    shared: dict[str, Any] = {"http_client": http, "api_key": KEY}
    host = "https://contoso.openai.azure.com"
    client = (
        openai.OpenAI(base_url=f"{host}/openai/v1/", **shared)
        if surface == "v1"
        else openai.AzureOpenAI(azure_endpoint=host, api_version="2025-04-01-preview", **shared)
    )
    arm = ArmConfig("subscription", "group", "account", token=lambda: TOKEN)
    with client:
        yield AzureOpenAIBackend(client, arm=arm, training_type="standard")


# -- the sinks work ----------------------------------------------------------------------------------------------


def test_a_client_of_openai_shows_its_key_to_whoever_looks() -> None:
    """Why the client is never shown: the canary is found where it is, so the tests above could find it."""
    with _backend("v1") as backend:
        assert hits(repr(vars(backend._client)), SECRETS) == [KEY]
        assert hits(repr(backend), SECRETS) == []


def test_what_holds_a_backend_cannot_be_pickled(tmp_path: Path) -> None:
    """A handle holds the backend, the backend the client, and the client the key."""
    with _backend("v1") as backend, ModelLineage(tmp_path / "l.db", backend=backend) as lineage:
        for thing in (backend, lineage, FineTuneJob(backend, (JobRecord(id="ftjob-1", model="m"),))):
            with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
                pickle.dumps(thing)


def _latin(content: bytes) -> str:
    return content.decode("latin-1")
