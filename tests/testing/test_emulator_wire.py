"""Files, jobs and models as they look on the wire."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import httpx
import openai
import pytest

from aoai_finetune.backends import AzureOpenAIBackend, JobRequest, Limits, Supervised
from aoai_finetune.testing import Emulator
from testing.clients import BASE, NO_TLS, ROWS, Http, chat_row, jsonl, make_client

V1, DATED = "/openai/v1", "/openai"
VERSION = {"api-version": "2025-04-01-preview"}


def upload(
    http: Http, fields: Mapping[str, str] | None = None, *, face: str = V1, content: bytes = ROWS
) -> Any:
    """One upload; the reply."""
    return http(
        "POST",
        f"{face}/files",
        params=VERSION if face == DATED else None,
        files={"file": ("rows.jsonl", content)},
        data={"purpose": "fine-tune"} | dict(fields or {}),
    )


def checked(http: Http, emulator: Emulator, content: bytes = ROWS) -> str:
    """A file that is processed; its id."""
    name = str(upload(http, content=content).json()["id"])
    emulator.advance(10)
    return name


def job(http: Http, emulator: Emulator, face: str = V1, **request: Any) -> Any:
    """A new job on a new file; the reply."""
    body = {"model": BASE, "training_file": checked(http, emulator)} | request
    return http("POST", f"{face}/fine_tuning/jobs", params=VERSION if face == DATED else None, json=body)


# -- creating --------------------------------------------------------------------------------------------------


def test_what_is_made_has_an_address_on_the_dated_face(http: Http, emulator: Emulator) -> None:
    """201 and Location, which leads to it; v1 answers 200 without one."""
    for made in (upload(http, face=DATED), job(http, emulator, DATED)):
        assert made.status_code == 201
        assert http("GET", made.headers["location"]).json()["id"] == made.json()["id"]
    for made in (upload(http), job(http, emulator)):
        assert (made.status_code, "location" in made.headers) == (200, False)


def test_a_new_job_shows_what_it_knows(http: Http, emulator: Emulator) -> None:
    """-1 where the service decides; no organization, no result files, no error yet."""
    body = job(http, emulator, DATED).json()
    assert set(body) == {
        "id",
        "object",
        "created_at",
        "estimated_finish",
        "model",
        "training_file",
        "status",
        "hyperparameters",
        "seed",
    }
    assert body["hyperparameters"] == {"n_epochs": -1, "batch_size": -1, "learning_rate_multiplier": 1.0}
    assert body["status"] == "pending"


def test_v1_follows_openai_where_it_differs(http: Http, emulator: Emulator) -> None:
    """`queued`, and an empty object for no error."""
    body = job(http, emulator).json()
    assert (body["status"], body["error"]) == ("queued", {})


@pytest.mark.parametrize(
    "given", ["Standard", "GlobalStandard", "globalstandard", "developerTier", "Developer"]
)
def test_training_types_are_echoed_in_the_services_spelling(
    http: Http, emulator: Emulator, given: str
) -> None:
    """Whatever the request's."""
    reply = job(http, emulator, trainingType=given).json()
    assert reply["trainingType"] in {"standard", "globalStandard", "developerTier"}


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"suffix": "my.model"}, "suffix"),
        ({"suffix": "x" * 41}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"method": {"type": "reinforcement"}}, "supervised and dpo"),
        ({"hyperparameters": {"n_epochs": 51}}, "n_epochs"),
        ({"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 3}}}}, "beta"),
        ({"trainingType": "cheap"}, "trainingType"),
        ({"training_file": "file-1"}, "completed file import"),
        ({"training_file": None}, "training_file"),
        ({"model": "o4-mini-2025-04-16"}, "does not support fine-tuning"),
    ],
    ids=str,
)
def test_a_job_that_cannot_be_is_refused(
    http: Http, emulator: Emulator, request_: dict[str, Any], text: str
) -> None:
    """400, and nothing is left behind."""
    reply = job(http, emulator, **request_)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalidPayload")
    assert text in reply.json()["error"]["message"]
    assert http("GET", f"{V1}/fine_tuning/jobs").json()["data"] == []


@pytest.mark.parametrize("version", ["2024-10-21", "2024-05-01-preview"])
def test_an_older_api_version_ignores_what_it_does_not_know(
    http: Http, emulator: Emulator, version: str
) -> None:
    """As the specification of 2024-10-21: no `method`, no `trainingType`; `hyperparameters` are at the top."""
    path = f"/openai/fine_tuning/jobs?api-version={version}"
    directed = {
        "model": BASE,
        "training_file": checked(http, emulator),
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 7}}},
        "trainingType": "GlobalStandard",
    }
    made = http("POST", path, json=directed).json()
    assert (made["hyperparameters"]["n_epochs"], made.get("trainingType")) == (-1, None)
    made = http("POST", path, json=directed | {"hyperparameters": {"n_epochs": 7}}).json()
    assert made["hyperparameters"]["n_epochs"] == 7


def test_the_backend_gets_its_epochs_on_an_older_api_version(emulator: Emulator) -> None:
    """A file that holds ten passes must not be trained for the service's own number of them."""
    with openai.AzureOpenAI(
        azure_endpoint=emulator.endpoint, api_version="2024-10-21", api_key="test"
    ) as client:
        backend = AzureOpenAIBackend(client, training_type="standard", clock=emulator.clock)
        file = backend.upload_file(io.BytesIO(ROWS), filename="rows.jsonl")
        emulator.advance(10)
        asked = JobRequest(model=BASE, training_file=file.id, method=Supervised(n_epochs=1))
        assert backend.create_job(asked).hyperparameters["n_epochs"] == 1


def test_a_file_must_be_checked_before_it_is_used(http: Http) -> None:
    """With the text that users know."""
    file = upload(http).json()["id"]
    reply = http("POST", f"{V1}/fine_tuning/jobs", json={"model": BASE, "training_file": file})
    assert reply.json()["error"]["message"] == (
        "The specified file reference must point to a completed file import."
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "The specified base model does not support fine-tuning."),
        ({"trainingType": "Standard"}, "with the requested TrainingType"),
    ],
)
def test_a_region_without_a_training_type_says_something_else(given: dict[str, str], text: str) -> None:
    """Leaving it out means Standard, and the refusal then blames the model."""
    limits = Limits(training_types=("globalStandard",))
    with (
        Emulator(limits=limits) as emulator,
        httpx.Client(base_url=emulator.endpoint, headers={"api-key": "test"}, verify=NO_TLS) as client,
    ):
        refused = job(client.request, emulator, **given)
        assert text in refused.json()["error"]["message"]
        assert job(client.request, emulator, trainingType="GlobalStandard").status_code == 200


# -- files -----------------------------------------------------------------------------------------------------


def test_the_lists_of_files_differ_by_face(http: Http) -> None:
    """v1 has ids of the ends and `has_more`; the dated one has neither, and no pages."""
    names = [upload(http).json()["id"] for _ in range(3)]
    dated = http("GET", f"{DATED}/files", params=VERSION | {"limit": "1"}).json()
    assert set(dated) == {"object", "data"}
    assert [file["id"] for file in dated["data"]] == names[::-1]
    page = http("GET", f"{V1}/files?limit=2").json()
    assert (page["first_id"], page["last_id"], page["has_more"]) == (names[2], names[1], True)
    rest = http("GET", f"{V1}/files?limit=2&after={page['last_id']}").json()
    assert ([file["id"] for file in rest["data"]], rest["has_more"]) == (names[:1], False)


def test_files_are_listed_by_purpose(http: Http, emulator: Emulator) -> None:
    """Results are not training files."""
    made = job(http, emulator)
    emulator.advance(10_000)
    results = http("GET", f"{V1}/files?purpose=fine-tune-results").json()["data"]
    done = http("GET", f"{V1}/fine_tuning/jobs/{made.json()['id']}").json()
    assert [file["id"] for file in results] == done["result_files"]


def test_a_file_is_read_and_deleted(http: Http) -> None:
    """Byte for byte, and then it is gone."""
    content = ROWS + "\u2028\x85\r\n--x--\r\n".encode()
    name = upload(http, content=content).json()["id"]
    assert http("GET", f"{V1}/files/{name}/content").content == content
    assert http("DELETE", f"{V1}/files/{name}").json() == {"id": name, "object": "file", "deleted": True}
    assert http("GET", f"{V1}/files/{name}/content").status_code == 404


@pytest.mark.parametrize("seconds", ["1209599", "2592001", "soon"])
def test_a_file_lives_for_14_to_30_days(http: Http, seconds: str) -> None:
    """Azure's range, which is not OpenAI's."""
    refused = upload(http, {"expires_after[seconds]": seconds, "expires_after[anchor]": "created_at"})
    assert refused.status_code == 400
    assert "expire" in refused.json()["error"]["message"]


def test_a_file_expires(http: Http, emulator: Emulator) -> None:
    """After as long as was said."""
    file = upload(http, {"expires_after[seconds]": "1209600"}).json()
    assert file["expires_at"] == file["created_at"] + 1209600
    emulator.advance(1209599)
    assert http("GET", f"{V1}/files/{file['id']}").json()["status"] == "processed"
    emulator.advance(1)
    assert http("GET", f"{V1}/files/{file['id']}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "application/json"}, b"{}"),
        ({"content-type": "multipart/form-data"}, b"--x\r\n\r\n--x--"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"nothing"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nno head--x--"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\na: b\r\n\r\nc\r\n--x--"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--"),
    ],
)
def test_a_form_that_is_none_is_refused(http: Http, headers: dict[str, str], content: bytes) -> None:
    """400, whatever is sent."""
    reply = http("POST", f"{V1}/files", headers=headers, content=content)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalidPayload")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("files", {"files": {"other": ("a", b"b")}}),
        ("files", {"files": {"file": (None, b"no file name")}}),
        ("files/import", {"json": {"filename": "a", "purpose": "fine-tune"}}),
        ("uploads", {"json": {"filename": "a", "purpose": "fine-tune", "bytes": 0}}),
        ("uploads", {"json": {"filename": "a", "purpose": "fine-tune", "bytes": 10**13}}),
        ("uploads/upload-1/parts", {"files": {"other": ("a", b"b")}}),
        ("uploads/upload-1/complete", {"json": {"part_ids": [1]}}),
    ],
    ids=str,
)
def test_a_file_that_is_missing_something_is_refused(http: Http, path: str, content: dict[str, Any]) -> None:
    """400, before anything is looked for or kept."""
    reply = http("POST", f"{DATED}/{path}", params=VERSION, **content)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalidPayload")


def test_an_upload_nobody_began_is_not_found(http: Http) -> None:
    """404 from the resource."""
    assert part(http, "upload-1", b"x").json()["error"]["code"] == "notFound"


def test_a_request_that_is_too_large_is_refused(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """413, and the next one on the same connection is fine."""
    monkeypatch.setattr("aoai_finetune.testing.emulator._app._MOST_BYTES", 2000)
    assert upload(http, content=b"x" * 300_000).status_code == 413
    assert upload(http).status_code == 200


def test_files_for_something_else_are_refused(http: Http) -> None:
    """This resource is for fine-tuning."""
    assert "fine-tune" in upload(http, {"purpose": "batch"}).json()["error"]["message"]


def test_a_file_with_bad_rows_says_which(http: Http, emulator: Emulator) -> None:
    """In `status_details`, without the text of the row."""
    name = checked(http, emulator, ROWS + b'{"secret": 1}\n')
    body = http("GET", f"{V1}/files/{name}").json()
    assert (body["status"], "line 13" in body["status_details"], "secret" in body["status_details"]) == (
        "error",
        True,
        False,
    )


# -- uploads and imports ---------------------------------------------------------------------------------------


def begin(http: Http, size: int) -> Any:
    """A new upload; the reply's body."""
    body = {"purpose": "fine-tune", "filename": "rows.jsonl", "bytes": size, "mime_type": "application/jsonl"}
    return http("POST", f"{DATED}/uploads", params=VERSION, json=body).json()


def part(http: Http, upload_id: str, data: bytes) -> Any:
    """One part; the reply."""
    return http("POST", f"{DATED}/uploads/{upload_id}/parts", params=VERSION, files={"data": ("p", data)})


def complete(http: Http, upload_id: str, *parts: str, **more: str) -> Any:
    """The end of an upload; the reply."""
    body = {"part_ids": list(parts)} | more
    return http("POST", f"{DATED}/uploads/{upload_id}/complete", params=VERSION, json=body)


def test_a_file_comes_in_parts(http: Http) -> None:
    """In the order that is told at the end."""
    made = begin(http, len(ROWS))
    second, first = (part(http, made["id"], data).json()["id"] for data in (ROWS[100:], ROWS[:100]))
    done = complete(http, made["id"], first, second).json()
    assert (done["status"], done["file"]["status"]) == ("completed", "pending")
    assert http("GET", f"{V1}/files/{done['file']['id']}/content").content == ROWS
    assert complete(http, made["id"], first, second).status_code == 400


def test_openai_sends_a_file_in_parts(emulator: Emulator) -> None:
    """Its own chunked upload, on the face that has one; v1 says 404."""
    with make_client(emulator, "dated") as client:
        done = client.uploads.upload_file_chunked(
            file=ROWS,
            filename="rows.jsonl",
            bytes=len(ROWS),
            mime_type="application/jsonl",
            purpose="fine-tune",
            part_size=300,
        )
        assert done.file is not None
        assert client.files.content(done.file.id).read() == ROWS
    with make_client(emulator, "v1") as client, pytest.raises(openai.NotFoundError):
        client.uploads.create(filename="r", bytes=1, mime_type="application/jsonl", purpose="fine-tune")


def test_an_upload_holds_what_was_announced(http: Http) -> None:
    """Not more, not less, and with the checksum that was given."""
    made = begin(http, 10)
    assert part(http, made["id"], b"x" * 11).status_code == 400
    first = part(http, made["id"], b"x" * 9).json()["id"]
    assert complete(http, made["id"], first).status_code == 400
    assert complete(http, made["id"], "part-1").status_code == 400
    second = part(http, made["id"], b"y").json()["id"]
    assert "MD5" in complete(http, made["id"], first, second, md5="0" * 32).json()["error"]["message"]
    assert complete(http, made["id"], first, second).status_code == 200


def test_an_upload_ends_after_two_hours_or_when_it_is_cancelled(http: Http, emulator: Emulator) -> None:
    """Parts come too late then."""
    one, other = begin(http, 5), begin(http, 5)
    cancelled = http("POST", f"{DATED}/uploads/{one['id']}/cancel", params=VERSION)
    assert cancelled.json()["status"] == "cancelled"
    emulator.advance(7200)
    for made in (one, other):
        assert part(http, made["id"], b"x").json()["error"]["code"] == "unexpectedEntityState"


def test_a_file_is_imported_from_what_a_url_was_told_to_hold(http: Http, emulator: Emulator) -> None:
    """Nothing is fetched; an unknown URL is a failed import."""
    emulator.simulated.publish_url("https://blobs.example/rows.jsonl?sas", ROWS)

    def imported(url: str) -> Any:
        body = {"purpose": "fine-tune", "filename": "rows.jsonl", "content_url": url}
        reply = http("POST", f"{DATED}/files/import", params=VERSION, json=body)
        assert reply.status_code == 201
        emulator.advance(10)
        return http("GET", reply.headers["location"]).json()

    assert imported("https://blobs.example/rows.jsonl?sas")["status"] == "processed"
    lost = imported("https://blobs.example/other.jsonl")
    assert (lost["status"], lost["bytes"]) == ("error", None)
    assert lost["status_details"].startswith("fileImportFailed")


# -- jobs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["0", "101", "many", "-1", "1.5"])
def test_a_page_has_1_to_100_things(http: Http, limit: str) -> None:
    """Anything else is a 400."""
    assert http("GET", f"{V1}/fine_tuning/jobs?limit={limit}").status_code == 400


@pytest.mark.parametrize("face", [V1, DATED])
def test_events_come_newest_first_in_pages(http: Http, emulator: Emulator, face: str) -> None:
    """20 to a page unless told otherwise, and each once."""
    made = job(http, emulator).json()["id"]
    emulator.advance(10_000)
    path, found = f"{face}/fine_tuning/jobs/{made}/events", list[Any]()
    page = http("GET", path, params=VERSION if face == DATED else None).json()
    assert (len(page["data"]), page["has_more"]) == (20, True)
    while page["data"]:
        found += page["data"]
        more = {"after": found[-1]["id"]} | (VERSION if face == DATED else {})
        page = http("GET", path, params=more).json()
    assert len({event["id"] for event in found}) == len(found)
    assert [event["created_at"] for event in found] == sorted(
        (event["created_at"] for event in found), reverse=True
    )


def test_v1_names_the_ends_of_a_page_of_checkpoints(http: Http, emulator: Emulator) -> None:
    """The dated face does not."""
    made = job(http, emulator).json()["id"]
    path = f"/fine_tuning/jobs/{made}/checkpoints"
    empty = http("GET", f"{V1}{path}").json()
    assert (empty["data"], empty["first_id"]) == ([], None)
    emulator.advance(10_000)
    page = http("GET", f"{V1}{path}").json()
    assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
    assert set(http("GET", f"{DATED}{path}", params=VERSION).json()) == {"object", "data", "has_more"}


def test_a_job_is_deleted_with_its_models(http: Http, emulator: Emulator) -> None:
    """204, on the dated face only; not while it runs."""
    made = job(http, emulator).json()["id"]
    path = f"{DATED}/fine_tuning/jobs/{made}"
    assert http("DELETE", path, params=VERSION).json()["error"]["code"] == "unexpectedEntityState"
    emulator.advance(10_000)
    model = http("GET", path, params=VERSION).json()["fine_tuned_model"]
    gone = http("DELETE", path, params=VERSION)
    assert (gone.status_code, gone.content) == (204, b"")
    assert http("GET", path, params=VERSION).status_code == 404
    assert http("GET", f"{V1}/models/{model}").status_code == 404


def test_preference_rows_teach_the_preferred_answer(http: Http, emulator: Emulator) -> None:
    """With method dpo; its hyperparameters are echoed."""
    rows: list[dict[str, Any]] = [
        {
            "input": {"messages": [{"role": "user", "content": f"Which is better, {n} or {n + 1}?"}]},
            "preferred_output": [{"role": "assistant", "content": f"{n + 1}."}],
            "non_preferred_output": [{"role": "assistant", "content": f"{n}."}],
        }
        for n in range(12)
    ]
    file = checked(http, emulator, jsonl(*rows))
    method = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1, "l2_multiplier": 0.1}}}
    body = job(http, emulator, training_file=file, method=method).json()
    assert body["method"]["dpo"]["hyperparameters"]["beta"] == 0.1
    emulator.advance(10_000)
    done = http("GET", f"{V1}/fine_tuning/jobs/{body['id']}").json()
    assert (done["status"], done["method"]["dpo"]["hyperparameters"]["n_epochs"]) == ("succeeded", 10)
    reply = emulator.simulated.chat(
        model=done["fine_tuned_model"], messages=rows[3]["input"]["messages"], deployed_only=False
    )
    assert reply["choices"][0]["message"]["content"] == "4."


def test_rows_must_fit_the_method(http: Http, emulator: Emulator) -> None:
    """Chat rows are not for dpo; a file holds rows of one kind."""
    refused = job(http, emulator, method={"type": "dpo"})
    assert "do not fit the method 'dpo'" in refused.json()["error"]["message"]
    other = {
        "input": {"messages": [{"role": "user", "content": "q"}]},
        "preferred_output": [{"role": "assistant", "content": "a"}],
        "non_preferred_output": [{"role": "assistant", "content": "b"}],
    }
    mixed = checked(http, emulator, jsonl(chat_row("q", "a"), other))
    assert http("GET", f"{V1}/files/{mixed}").json()["status"] == "error"
