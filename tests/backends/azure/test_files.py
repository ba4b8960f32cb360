"""Training files: sent in one form or in parts, read, deleted, pruned when they are no longer needed."""

from __future__ import annotations

import hashlib
import io
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

import httpx2
import pytest
from typing_extensions import override

from aoai_finetune.backends import AzureOpenAIBackend
from aoai_finetune.backends.azure._sender import Sender
from aoai_finetune.backends.azure._surface import Surface
from aoai_finetune.backends.azure._uploads import Uploader
from aoai_finetune.errors import NotSupported, OutcomeUnknown, ServiceError
from backends.azure.handmade import Answer, Service, answer, broken, refuse

ROWS = b'{"messages": [{"role": "user", "content": "?"}]}\n' * 3
FILE: dict[str, Any] = {
    "id": "file-1",
    "object": "file",
    "filename": "facts-0123456789ab.jsonl",
    "purpose": "fine-tune",
    "status": "pending",
    "created_at": 1_765_000_000,
    "bytes": None,
}


def test_a_small_file_is_one_form(service: Service, backend: AzureOpenAIBackend) -> None:
    """With its name, its purpose and its bytes; the service may not know its size yet."""
    service.will(answer(201, FILE))
    file = backend.upload_file(io.BytesIO(ROWS), filename="facts-0123456789ab.jsonl")
    assert (file.id, file.status, file.bytes) == ("file-1", "pending", None)
    sent = service.requests[0].content
    assert service.paths == ["/files"]
    assert service.requests[0].headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'filename="facts-0123456789ab.jsonl"' in sent
    assert b'name="purpose"\r\n\r\nfine-tune' in sent
    assert (ROWS in sent, b"expires_after" in sent) == (True, False)


def test_a_stream_is_sent_from_where_it_stands(service: Service, backend: AzureOpenAIBackend) -> None:
    """As any writer would expect."""
    stream = io.BytesIO(b"skipped" + ROWS)
    stream.seek(7)
    service.will(answer(201, FILE))
    backend.upload_file(stream, filename="a.jsonl")
    assert (ROWS in service.requests[0].content, b"skipped" in service.requests[0].content) == (True, False)


class Pipe(io.RawIOBase):
    """A stream that cannot be measured."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._rest = io.BytesIO(content)

    @override
    def readable(self) -> bool:
        """It can be read."""
        return True

    @override
    def readinto(self, buffer: Any) -> int:
        """A piece of it."""
        return self._rest.readinto(buffer)


def test_a_stream_that_cannot_be_measured_is_sent_too(service: Service, backend: AzureOpenAIBackend) -> None:
    """Its size decides how."""
    service.will(answer(201, FILE))
    pipe: Any = Pipe(ROWS)
    backend.upload_file(pipe, filename="a.jsonl")
    assert ROWS in service.requests[0].content


def test_files_may_be_told_to_expire(service: Service, surface: str) -> None:
    """Counted from their creation."""
    service.will(answer(201, FILE))
    service.backend(surface, expires_after=1_209_600).upload_file(io.BytesIO(ROWS), filename="a.jsonl")
    sent = service.requests[0].content
    assert b'name="expires_after[anchor]"\r\n\r\ncreated_at' in sent
    assert b'name="expires_after[seconds]"\r\n\r\n1209600' in sent


@pytest.mark.parametrize("seconds", [0, 3_600, 1_209_599, 2_592_001])
def test_an_expiry_the_service_refuses_is_refused_when_the_backend_is_made(
    service: Service, surface: str, seconds: int
) -> None:
    """Azure takes 14 to 30 days."""
    with pytest.raises(ValueError, match="expires_after"):
        service.backend(surface, expires_after=seconds)


# -- parts -------------------------------------------------------------------------------------------------------


def in_parts(service: Service) -> Callable[[BinaryIO], Any]:
    """Uploads to the dated surface in parts of 60 bytes from 100 bytes on."""
    sender = Sender(service.client("dated"))
    surface = Surface(kind="dated", resource="contoso.openai.azure.com", api_version="2025-04-01-preview")
    uploader = Uploader(sender, surface, form_limit=100, part_size=60)
    return lambda content: uploader.upload(content, "facts.jsonl")


UPLOAD = answer(body={"id": "upload-1", "status": "pending"})
PARTS = [answer(body={"id": f"part-{n}", "object": "upload.part"}) for n in range(3)]
DONE = answer(body={"id": "upload-1", "status": "completed", "file": FILE})


def test_a_large_file_is_sent_in_parts(service: Service) -> None:
    """Announced with its size, completed in order, with a checksum."""
    service.will(UPLOAD, *PARTS, DONE)
    assert in_parts(service)(io.BytesIO(ROWS)).id == "file-1"
    assert len(ROWS) == 147
    assert service.paths == ["/uploads", *["/uploads/upload-1/parts"] * 3, "/uploads/upload-1/complete"]
    assert service.sent(0) == {
        "purpose": "fine-tune",
        "filename": "facts.jsonl",
        "bytes": 147,
        "mime_type": "application/jsonl",
    }
    assert service.sent() == {
        "part_ids": ["part-0", "part-1", "part-2"],
        "md5": hashlib.md5(ROWS).hexdigest(),
    }
    assert ROWS[:60] in service.requests[1].content
    assert ROWS[120:] in service.requests[3].content


@pytest.mark.parametrize("phase", [0, 1, 2])
@pytest.mark.parametrize("trouble", [broken(httpx2.ReadTimeout), refuse(500, "internalFailure", "Oh.")])
def test_before_the_last_request_nothing_is_stored(service: Service, phase: int, trouble: Answer) -> None:
    """So the upload may begin again; what was announced is called off."""
    service.will(*[UPLOAD, *PARTS][:phase], trouble, answer(body={}))
    with pytest.raises(ServiceError) as failed:
        in_parts(service)(io.BytesIO(ROWS))
    assert (isinstance(failed.value, OutcomeUnknown), failed.value.retryable) == (False, True)
    assert (service.paths[-1] == "/uploads/upload-1/cancel") == (phase > 0)


@pytest.mark.parametrize("trouble", [broken(httpx2.ReadTimeout), answer(body={"id": "upload-1"})])
def test_only_the_last_request_can_have_an_unclear_outcome(service: Service, trouble: Answer) -> None:
    """The file may be there; who asks looks for its name."""
    service.will(UPLOAD, *PARTS, trouble)
    with pytest.raises(OutcomeUnknown):
        in_parts(service)(io.BytesIO(ROWS))


def test_a_part_that_is_refused_is_a_refusal(service: Service) -> None:
    """Trying again does not help, and the announcement is taken back."""
    service.will(UPLOAD, refuse(413, "tooLarge", "No."), answer(body={}))
    with pytest.raises(ServiceError) as refused:
        in_parts(service)(io.BytesIO(ROWS))
    assert (refused.value.status, refused.value.retryable) == (413, False)
    assert service.paths[-1] == "/uploads/upload-1/cancel"


class Huge(io.BytesIO):
    """A stream that says it has more than 100 MB."""

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        """Its end is far away."""
        return 101 * 1024 * 1024 if whence == 2 else super().seek(offset, whence)


def test_a_large_file_needs_the_dated_surface(service: Service) -> None:
    """The other one would lose it without a word; nothing is sent."""
    with pytest.raises(NotSupported, match="AzureOpenAI"):
        service.backend("v1").upload_file(Huge(ROWS), filename="a.jsonl")
    assert service.requests == []


# -- reading, listing, deleting ----------------------------------------------------------------------------------


def test_a_file_is_read_as_it_is(service: Service, backend: AzureOpenAIBackend) -> None:
    """Result files are not JSON."""
    service.will(lambda _: httpx2.Response(200, content=b"step,train_loss\n1,0.5\n"))
    assert backend.read_file("file-9") == b"step,train_loss\n1,0.5\n"
    assert service.paths == ["/files/file-9/content"]


def test_a_deletion_has_nothing_to_say(service: Service, backend: AzureOpenAIBackend) -> None:
    """An empty reply will do."""
    service.will(lambda _: httpx2.Response(204))
    backend.delete_file("file-9")
    assert (service.requests[0].method, service.paths) == ("DELETE", ["/files/file-9"])


def test_the_dated_list_of_files_has_no_pages(service: Service) -> None:
    """A parameter that it does not know is not sent; /openai/v1/ has pages."""
    service.will(answer(body={"data": [FILE]}))
    assert [file.id for file in service.backend("dated").list_files()] == ["file-1"]
    assert "limit" not in service.requests[0].url.params
    service.will(answer(body={"data": [FILE], "has_more": False}))
    list(service.backend("v1").list_files())
    assert service.requests[-1].url.params["limit"] == "100"


SAS = "https://blobs.example/rows.jsonl?sig=canary-signature"


def test_a_file_can_be_fetched_by_the_service(service: Service) -> None:
    """From any URL that it can read."""
    service.will(answer(201, FILE))
    backend = service.backend("dated", expires_after=1_209_600)
    assert backend.import_file(SAS, filename="facts.jsonl").id == "file-1"
    assert service.paths == ["/files/import"]
    assert service.sent() == {
        "purpose": "fine-tune",
        "filename": "facts.jsonl",
        "content_url": SAS,
        "expires_after": {"anchor": "created_at", "seconds": 1_209_600},
    }


@pytest.mark.parametrize("on", ["dated", "v1"])
def test_the_url_of_an_import_is_shown_nowhere(service: Service, on: str) -> None:
    """It may hold a token: not in the message, and not in a traceback's variables."""
    service.will(refuse(400, "invalidPayload", f"Cannot read {SAS}"))
    with pytest.raises((ServiceError, NotSupported)) as refused:
        service.backend(on).import_file(SAS, filename="facts.jsonl")
    report = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    report.stack.pop(0)
    assert "canary" not in "".join(report.format()) + repr(vars(refused.value))


# -- pruning -----------------------------------------------------------------------------------------------------


def file(file_id: str, filename: str) -> dict[str, Any]:
    """A file of the list."""
    return FILE | {"id": file_id, "filename": filename, "bytes": 1_000}


FILES = answer(
    body={
        "data": [
            file("file-over", "facts-0123456789ab.jsonl"),
            file("file-valid", "facts-0123456789ab-validation.jsonl"),
            file("file-runs", "facts-aaaaaaaaaaaa.jsonl"),
            file("file-both", "facts-bbbbbbbbbbbb.jsonl"),
            file("file-fresh", "facts-cccccccccccc.jsonl"),
            file("file-theirs", "training.jsonl"),
            file("file-results", "results.csv"),
        ],
        "has_more": False,
    }
)
JOBS = answer(
    body={
        "data": [
            {
                "id": "j1",
                "status": "succeeded",
                "training_file": "file-over",
                "validation_file": "file-valid",
            },
            {"id": "j2", "status": "running", "training_file": "file-runs"},
            {"id": "j3", "status": "failed", "training_file": "file-both"},
            {"id": "j4", "status": "paused", "training_file": "file-both"},
            {"id": "j5", "status": "cancelled", "training_file": "file-theirs"},
        ],
        "has_more": False,
    }
)


def test_only_our_files_of_jobs_that_are_over_may_go(service: Service, backend: AzureOpenAIBackend) -> None:
    """Not one that a job still needs, nobody's of another name, none that no job names yet."""
    service.will(FILES, JOBS)
    assert [file.id for file in backend.prunable_files()] == ["file-over", "file-valid"]


def test_pruning_says_what_it_deleted(service: Service, backend: AzureOpenAIBackend) -> None:
    """And deletes nothing else."""
    service.will(FILES, JOBS, answer(body={"deleted": True}))
    assert [file.id for file in backend.prune_files()] == ["file-over", "file-valid"]
    deleted = [request.url.path for request in service.requests if request.method == "DELETE"]
    assert [path.rpartition("/")[2] for path in deleted] == ["file-over", "file-valid"]


def test_where_there_is_no_room_the_error_says_what_to_call(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """Nothing is deleted by itself, and no list is read for a sentence."""
    service.will(refuse(400, "quotaExceeded", "The quota of 100 files is used up."))
    with pytest.raises(ServiceError, match=r"prune_files\(\).*prunable_files\(\)") as refused:
        backend.upload_file(io.BytesIO(ROWS), filename="a.jsonl")
    assert (refused.value.code, refused.value.__context__) == ("quotaExceeded", None)
    assert len(service.requests) == 1
