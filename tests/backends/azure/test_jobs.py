"""Jobs, events and checkpoints: what is sent, and what is made of the service's replies."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx2
import pytest

from aoai_finetune.backends import (
    DPO,
    AzureOpenAIBackend,
    InvalidRequest,
    JobRequest,
    Reinforcement,
    Supervised,
)
from aoai_finetune.errors import FineTuneError, NotFound, NotSupported, OutcomeUnknown, ServiceError
from backends.azure.handmade import STABLE, Service, answer, refuse

BASE = "gpt-4.1-mini-2025-04-14"
TUNED = f"{BASE}.ft-0123456789abcdef0123456789abcdef-facts"
PENDING: dict[str, Any] = {
    "id": "ftjob-0123456789abcdef0123456789abcdef",
    "created_at": 1_765_000_000,
    "hyperparameters": {"batch_size": -1, "learning_rate_multiplier": 0.1, "n_epochs": -1},
    "model": BASE,
    "object": "fine_tuning.job",
    "seed": 1003399446,
    "status": "pending",
    "training_file": "file-00000000000000000000000000000001",
    "estimated_finish": 1_765_090_000,
    "suffix": "facts",
    "trainingType": "globalStandard",
}
GRADER = {"type": "string_check", "name": "same", "operation": "eq", "input": "{{sample.output_text}}"}


def request(**changes: Any) -> JobRequest:
    """A request that is fine but for what a test changes."""
    return JobRequest(**({"model": BASE, "training_file": "file-1", "suffix": "facts"} | changes))


# -- creating --------------------------------------------------------------------------------------------------


def test_a_creation_says_everything_that_was_asked_for(service: Service, backend: AzureOpenAIBackend) -> None:
    """And leaves out what is left to the service."""
    service.will(answer(201, PENDING))
    method = Supervised(n_epochs=3, prompt_loss_weight=0.1)
    backend.create_job(request(validation_file="file-2", seed=7, method=method))
    assert service.paths == ["/fine_tuning/jobs"]
    assert service.sent() == {
        "model": BASE,
        "training_file": "file-1",
        "validation_file": "file-2",
        "suffix": "facts",
        "seed": 7,
        "method": {
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 3, "prompt_loss_weight": 0.1}},
        },
        "hyperparameters": {"n_epochs": 3, "prompt_loss_weight": 0.1},
        "trainingType": "GlobalStandard",
    }


@pytest.mark.parametrize(
    ("method", "wire"),
    [
        (Supervised(), {"type": "supervised", "supervised": {"hyperparameters": {}}}),
        (
            DPO(beta=0.2, l2_multiplier=0.1),
            {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "l2_multiplier": 0.1}}},
        ),
        (
            Reinforcement(
                grader=GRADER, eval_interval=5, reasoning_effort="low", response_format={"type": "x"}
            ),
            {
                "type": "reinforcement",
                "reinforcement": {
                    "hyperparameters": {"eval_interval": 5, "reasoning_effort": "low"},
                    "grader": GRADER,
                    "response_format": {"type": "x"},
                },
            },
        ),
    ],
)
def test_every_method_can_be_asked_for(
    service: Service, backend: AzureOpenAIBackend, method: Any, wire: dict[str, Any]
) -> None:
    """With its hyperparameters under the wire's names."""
    service.will(answer(201, PENDING))
    backend.create_job(request(method=method))
    assert service.sent()["method"] == wire


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("standard", "Standard"),
        ("global", "GlobalStandard"),
        ("Global", "GlobalStandard"),
        ("developer", "developerTier"),
        ("GlobalStandard", "GlobalStandard"),
        ("somethingNew", "somethingNew"),
    ],
)
def test_training_types_have_words_of_ours_or_of_the_service(
    service: Service, surface: str, given: str, wire: str
) -> None:
    """A request's own wins over the backend's; a word nobody knows is the service's to judge."""
    service.will(answer(201, PENDING))
    service.backend(surface, training_type=given).create_job(request())
    assert service.sent()["trainingType"] == wire
    service.backend(surface, training_type="standard").create_job(request(training_type=given))
    assert service.sent()["trainingType"] == wire


@pytest.mark.parametrize("given", ["datazone", "DataZone", "data-zone"])
def test_a_word_for_the_data_zone_is_not_invented(service: Service, surface: str, given: str) -> None:
    """Nobody has documented the service's own; another word is sent as it is."""
    with pytest.raises(InvalidRequest, match="data-zone"):
        service.backend(surface, training_type=given).create_job(request())
    assert service.requests == []


# -- api-versions that know less --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [STABLE, "2024-05-01-preview"])
def test_an_older_api_version_gets_the_epochs_where_it_looks_for_them(service: Service, version: str) -> None:
    """It has no `method`: a file that holds ten passes must not be trained for its automatic epochs."""
    service.will(answer(201, PENDING | {"hyperparameters": {"n_epochs": 1}}))
    backend = service.backend("dated", api_version=version, training_type="standard")
    backend.create_job(request(method=Supervised(n_epochs=1)))
    assert service.sent() == {
        "model": BASE,
        "training_file": "file-1",
        "suffix": "facts",
        "hyperparameters": {"n_epochs": 1},
    }


@pytest.mark.parametrize("wanted", ["global", "developer", "somethingNew"])
def test_an_older_api_version_trains_in_the_resources_region_only(service: Service, wanted: str) -> None:
    """Ignoring the wish would train the rows elsewhere; the error names what knows it, and nothing is sent."""
    backend = service.backend("dated", api_version=STABLE, training_type="standard")
    with pytest.raises(InvalidRequest, match=r"/openai/v1/.*2025-04-01-preview"):
        backend.create_job(request(training_type=wanted))
    with pytest.raises(InvalidRequest, match=STABLE):
        backend.check_job(request(training_type=wanted))
    assert service.requests == []


@pytest.mark.parametrize("method", [DPO(), Reinforcement(grader=GRADER)], ids=["dpo", "reinforcement"])
def test_an_older_api_version_knows_no_other_method(service: Service, method: Any) -> None:
    """It would train the rows as if they were chats."""
    backend = service.backend("dated", api_version=STABLE, training_type="standard")
    with pytest.raises(InvalidRequest, match="does not know the method"):
        backend.create_job(request(method=method))
    assert service.requests == []


@pytest.mark.parametrize(
    ("echo", "said"),
    [
        ({"hyperparameters": {"n_epochs": -1}}, "n_epochs is auto, not 1"),
        ({"hyperparameters": {"n_epochs": 3}}, "n_epochs is 3, not 1"),
        ({"hyperparameters": {"n_epochs": 1}, "trainingType": "Standard"}, "as Standard, not as global"),
    ],
)
def test_a_job_that_is_trained_otherwise_than_asked_is_warned_of(
    service: Service,
    backend: AzureOpenAIBackend,
    caplog: pytest.LogCaptureFixture,
    echo: dict[str, Any],
    said: str,
) -> None:
    """It is returned, because it exists and costs; the log says how to stop it."""
    service.will(answer(201, PENDING | echo))
    job = backend.create_job(request(method=Supervised(n_epochs=1)))
    (warned,) = caplog.records
    assert (warned.levelname, said in warned.getMessage()) == ("WARNING", True)
    assert f"backend.cancel_job('{job.id}')" in warned.getMessage()


@pytest.mark.parametrize(
    "echo",
    [
        {"hyperparameters": {"n_epochs": 1}},
        {"hyperparameters": {"n_epochs": 1.0}, "trainingType": "globalstandard"},
        {"hyperparameters": None},
        {"hyperparameters": {"n_epochs": "some"}},
        {"hyperparameters": {"n_epochs": 1}, "trainingType": None},
        {"hyperparameters": {"n_epochs": 1}, "trainingType": 1},
        {"hyperparameters": {"n_epochs": 1}, "trainingType": "brandNew"},
    ],
    ids=str,
)
def test_a_reply_that_says_nothing_else_contradicts_nothing(
    service: Service, backend: AzureOpenAIBackend, caplog: pytest.LogCaptureFixture, echo: dict[str, Any]
) -> None:
    """Spellings differ, and fields may be missing or new."""
    service.will(answer(201, PENDING | echo))
    backend.create_job(request(method=Supervised(n_epochs=1)))
    assert caplog.records == []


def test_where_the_rows_go_is_never_assumed(service: Service, surface: str) -> None:
    """The error lists the choices; nothing was sent, and it cannot pass by itself."""
    with pytest.raises(ServiceError, match=r"'standard'.*'global'.*'developer'") as refused:
        service.backend(surface, training_type=None).create_job(request())
    assert (isinstance(refused.value, ValueError), refused.value.retryable) == (True, False)
    assert service.requests == []


def test_a_request_can_be_checked_before_its_file_is_sent(service: Service, surface: str) -> None:
    """Large files take their time."""
    with pytest.raises(InvalidRequest, match="training type"):
        service.backend(surface, training_type=None).check_job(request())
    service.backend(surface).check_job(request())
    assert service.requests == []


@pytest.mark.parametrize(
    "bad",
    [
        {"suffix": "v1.2"},
        {"suffix": ""},
        {"suffix": "x" * 41},
        {"suffix": "日本"},
        {"suffix": "a\n"},
        {"seed": -1},
        {"seed": 2**31},
    ],
    ids=str,
)
def test_what_the_service_would_refuse_is_not_sent(
    service: Service, backend: AzureOpenAIBackend, bad: dict[str, Any]
) -> None:
    """A suffix with a dot, a seed that does not fit."""
    with pytest.raises(ValueError, match=next(iter(bad))):
        backend.create_job(request(**bad))
    assert service.requests == []


# -- refusals that mislead --------------------------------------------------------------------------------------

REFUSALS: list[tuple[dict[str, Any], int, str, str, str]] = [
    (
        {},
        400,
        "invalidPayload",
        "The specified base model does not support fine-tuning.",
        "training_type='global'",
    ),
    (
        {"model": TUNED},
        400,
        "invalidPayload",
        "The specified base model does not support fine-tuning.",
        r"Joint\(\).*rebase",
    ),
    ({"model": TUNED}, 400, "unsupported_model", "This model cannot be used.", r"Joint\(\).*rebase"),
    ({"model": TUNED}, 410, "gone", "The model is retired.", r"Joint\(\).*rebase"),
    (
        {},
        400,
        "BadRequest",
        "The model does not support fine-tuning with Standard TrainingType.",
        "training_type",
    ),
    (
        {},
        400,
        "invalidPayload",
        "The specified file reference must point to a completed file import.",
        "still being imported",
    ),
    ({}, 400, "invalidPayload", "The suffix contains characters that are not allowed.", "dots are refused"),
    ({}, 400, "BadRequest", "API version not supported", "AzureOpenAI"),
    ({}, 400, "BadRequest", "api-version query parameter is not allowed", "without api-version"),
    ({}, 429, "quotaExceeded", "The quota of jobs is used up.", "100 jobs"),
    ({}, 404, "404", "Resource not found", "Check the endpoint"),
    ({}, 401, "401", "Access denied due to invalid subscription key.", "of this very resource"),
    ({}, 403, "forbidden", "The principal lacks the required data action", "Foundry User"),
    ({}, 410, "gone", "This is over.", "retired"),
    ({}, 410, "gone", "This is over.", "get_model"),
]

ELSEWHERE: list[tuple[int, str, str, str]] = [
    (
        400,
        "quotaExceeded",
        "The maximum number of running jobs for this model has been reached.",
        "3 at a time",
    ),
    (400, "quotaExceeded", "No more for this model.", "3 at a time"),
    (
        400,
        "invalidPayload",
        "The training file for this model must point to a completed file import.",
        "imported",
    ),
    (400, "jsonlValidationFailed", "The training file is not valid for this model.", "validate"),
    (400, "invalidPayload", "The model's training file is not valid.", ""),
    (400, "invalidPayload", "The suffix of this model is invalid.", "dots are refused"),
    (400, "invalidPayload", "The hyperparameter n_epochs of this model is not supported.", "auto"),
    (
        400,
        "BadRequest",
        "The model does not support fine-tuning with Standard TrainingType.",
        "training_type",
    ),
    (400, "BadRequest", "This model needs another api-version, which is not given", "AzureOpenAI"),
]


@pytest.mark.parametrize(("status", "code", "words", "remedy"), ELSEWHERE)
def test_only_a_refused_model_is_a_reason_to_train_everything_again(
    service: Service, backend: AzureOpenAIBackend, status: int, code: str, words: str, remedy: str
) -> None:
    """That costs; a quota, a file or a suffix is mended for nothing, also where the words name the model."""
    service.will(refuse(status, code, words))
    with pytest.raises(ServiceError) as refused:
        backend.create_job(request(model=TUNED))
    assert ("Joint" in refused.value.hint, "rebase" in refused.value.hint) == (False, False)
    assert remedy in refused.value.hint


@pytest.mark.parametrize(("changes", "status", "code", "words", "remedy"), REFUSALS)
def test_a_refusal_that_misleads_comes_with_what_to_do(
    service: Service,
    backend: AzureOpenAIBackend,
    changes: dict[str, Any],
    status: int,
    code: str,
    words: str,
    remedy: str,
) -> None:
    """The service's words stay; the hint says what they may mean."""
    service.will(refuse(status, code, words))
    with pytest.raises(ServiceError) as refused:
        backend.create_job(request(**changes))
    assert (refused.value.status, refused.value.code) == (status, code)
    assert re.search(remedy, refused.value.hint)
    assert words in str(refused.value) or status == 401


@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": 400, "message": "No such thing."},
        {"error": "No such thing."},
        {"error": {"message": "No such thing.", "code": None, "param": None, "type": "error"}},
        {"error": {"message": "No such thing.", "code": 400, "innererror": {"code": "x"}}},
        {"detail": "No such thing."},
        {"detail": [{"loc": ["body", "model"], "msg": "No such thing.", "input": "canary"}, 7, {"msg": 7}]},
    ],
)
def test_errors_of_many_shapes_are_understood(
    service: Service, backend: AzureOpenAIBackend, body: dict[str, Any]
) -> None:
    """The service's, OpenAI's, and those of gateways in between."""
    service.will(answer(400, body))
    with pytest.raises(ServiceError, match="No such thing") as refused:
        backend.create_job(request())
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "body", [None, [], "text", 7, {}, {"error": None}, {"error": [1]}, {"error": {"code": {}}}]
)
def test_an_error_without_words_is_one_all_the_same(
    service: Service, backend: AzureOpenAIBackend, body: object
) -> None:
    """Its status is enough."""
    service.will(answer(400, body))
    with pytest.raises(ServiceError, match="HTTP 400"):
        backend.create_job(request())


# -- replies ----------------------------------------------------------------------------------------------------


def test_a_job_that_is_waiting_is_read_as_the_service_says_it(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """Azure's own status, its missing fields, and -1 for what it decides itself."""
    service.will(answer(201, PENDING))
    job = backend.create_job(request())
    assert (job.status, job.done, job.fine_tuned_model, job.result_files, job.error) == (
        "pending",
        False,
        None,
        (),
        None,
    )
    assert job.hyperparameters == {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": 0.1}
    assert (job.training_type, job.suffix, job.seed) == ("globalStandard", "facts", 1003399446)


def test_a_job_of_openais_shape_is_read_too(service: Service, backend: AzureOpenAIBackend) -> None:
    """Reinforcement replies come so, also from Azure; what has no attribute is kept."""
    method = {
        "type": "reinforcement",
        "reinforcement": {"hyperparameters": {"n_epochs": "auto", "eval_samples": 2}},
    }
    service.will(
        answer(
            body={
                "id": "ftjob-QRLPhli5Hi1Yzoe1ODNRrnhH",
                "status": "validating_files",
                "error": {},
                "organization_id": "org-x",
                "organisation_id": None,
                "result_files": [],
                "user_provided_suffix": "dev",
                "method": method,
                "hyperparameters": None,
                "trained_tokens": None,
                "finished_at": None,
                "a_new_field": {"x": 1},
            }
        )
    )
    job = backend.get_job("ftjob-QRLPhli5Hi1Yzoe1ODNRrnhH")
    assert (job.status, job.method, job.suffix, job.error) == (
        "validating_files",
        "reinforcement",
        "dev",
        None,
    )
    assert job.hyperparameters == {"n_epochs": "auto", "eval_samples": 2}
    assert job.extra["a_new_field"] == {"x": 1}
    assert job.extra["organization_id"] == "org-x"


def test_a_job_that_failed_says_why(service: Service, backend: AzureOpenAIBackend) -> None:
    """In the service's words."""
    service.will(
        answer(
            body=PENDING
            | {"status": "failed", "error": {"code": "invalidPayload", "message": "No.", "param": None}}
        )
    )
    job = backend.get_job("ftjob-1")
    assert job.error is not None
    assert (job.done, job.error.code, job.error.message, job.error.param) == (
        True,
        "invalidPayload",
        "No.",
        None,
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "brand_new"},
        {"status": None},
        {"created_at": "1765000000"},
        {"created_at": 1765000000.5},
        {"trained_tokens": "many"},
        {"result_files": None},
        {"result_files": "file-1"},
        {"hyperparameters": []},
        {"method": "dpo"},
        {"method": {"type": None}},
        {"error": "it failed"},
        {"error": []},
        {"seed": 1e400},
        {"model": 7},
    ],
    ids=str,
)
def test_a_reply_nobody_has_seen_yet_crashes_nothing(
    service: Service, backend: AzureOpenAIBackend, odd: dict[str, Any]
) -> None:
    """Fields may be null, of another type, or new."""
    service.will(lambda _: httpx2.Response(200, content=json.dumps(PENDING | odd)))
    assert backend.get_job("ftjob-1").id == PENDING["id"]


def test_a_job_that_is_not_there_cannot_be_cancelled(service: Service, backend: AzureOpenAIBackend) -> None:
    """It is not "over"; the hint says where to look."""
    service.will(refuse(404, "notFound", "The job was not found."))
    with pytest.raises(NotFound, match="list_jobs"):
        backend.cancel_job("ftjob-none")
    service.will(refuse(400, "invalidPayload", "The job is over."))
    with pytest.raises(ServiceError, match="get_job"):
        backend.cancel_job("ftjob-1")


@pytest.mark.parametrize("what", ["cancel", "pause", "resume"])
def test_a_job_can_be_told(service: Service, what: str) -> None:
    """Each is one request to its own path."""
    service.will(answer(body=PENDING | {"status": f"{what}ing"}))
    backend = service.backend("v1")
    assert getattr(backend, f"{what}_job")("ftjob-1").status == f"{what}ing"
    assert service.paths == [f"/fine_tuning/jobs/ftjob-1/{what}"]


# -- lists -------------------------------------------------------------------------------------------------------


def page(first: int, count: int, more: bool) -> Any:
    """A page of jobs, named by their place."""
    data = [PENDING | {"id": f"ftjob-{number}"} for number in range(first, first + count)]
    return answer(body={"object": "list", "data": data, "has_more": more})


def test_a_list_is_read_page_by_page_as_it_is_needed(service: Service, backend: AzureOpenAIBackend) -> None:
    """A hundred at a time, each page after the last id of the one before."""
    service.will(page(0, 2, more=True), page(2, 2, more=True), page(4, 1, more=False))
    jobs = backend.list_jobs()
    assert [next(jobs).id, next(jobs).id] == ["ftjob-0", "ftjob-1"]
    assert len(service.requests) == 1
    assert [job.id for job in jobs] == ["ftjob-2", "ftjob-3", "ftjob-4"]
    asked = [dict(request.url.params) for request in service.requests]
    assert [query.get("after") for query in asked] == [None, "ftjob-1", "ftjob-3"]
    assert {query["limit"] for query in asked} == {"100"}


def test_a_record_that_two_pages_show_is_listed_once(service: Service, backend: AzureOpenAIBackend) -> None:
    """Pages move while jobs are made."""
    service.will(page(0, 3, more=True), page(2, 2, more=False))
    assert [job.id for job in backend.list_jobs()] == ["ftjob-0", "ftjob-1", "ftjob-2", "ftjob-3"]


def test_a_list_of_jobs_that_repeats_itself_proves_nothing(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """It ends in an error, because what it lacks would be taken for missing; it never goes on forever."""
    service.will(page(0, 3, more=True))
    with pytest.raises(ServiceError, match="repeats"):
        list(backend.list_jobs())
    assert len(service.requests) == 2


def test_a_log_that_repeats_itself_ends(service: Service, backend: AzureOpenAIBackend) -> None:
    """What it has is shown, once."""
    events = [{"id": f"e{n}", "created_at": n, "level": "info", "message": str(n)} for n in (2, 1)]
    service.will(answer(body={"data": events, "has_more": True}))
    assert [event.message for event in backend.list_events("ftjob-1")] == ["2", "1"]
    assert len(service.requests) == 2


@pytest.mark.parametrize("before", [0, 2])
def test_an_empty_page_that_says_there_is_more_is_not_the_end(
    service: Service, backend: AzureOpenAIBackend, before: int
) -> None:
    """What it hides would be taken for gone; looking again may help."""
    service.will(page(0, before, more=True), page(2, 0, more=True))
    with pytest.raises(ServiceError, match="empty page") as hidden:
        list(backend.list_jobs())
    assert (type(hidden.value), hidden.value.retryable) == (ServiceError, True)


def test_an_empty_page_is_the_end(service: Service, backend: AzureOpenAIBackend) -> None:
    """Where it says so."""
    service.will(page(0, 2, more=True), page(2, 0, more=False))
    assert len(list(backend.list_jobs())) == 2


def test_a_list_without_a_job_in_an_entry_goes_on(service: Service, backend: AzureOpenAIBackend) -> None:
    """Entries that are nothing are left out."""
    service.will(answer(body={"data": [None, {"status": "running"}, 3, PENDING], "has_more": False}))
    assert [job.id for job in backend.list_jobs()] == [PENDING["id"]]


def test_events_keep_their_numbers_and_their_level(service: Service, backend: AzureOpenAIBackend) -> None:
    """Azure says `warning`, OpenAI `warn`; one without an id gets one that stays the same."""
    event = {"created_at": 9, "level": "warning", "message": "Step 10: training loss=0.7", "type": "metrics"}
    service.will(answer(body={"data": [event | {"data": {"step": 10, "train_loss": 0.7}}]}))
    (seen,), (again,) = backend.list_events("ftjob-1"), backend.list_events("ftjob-1")
    assert (seen.level, seen.type, seen.data) == ("warning", "metrics", {"step": 10, "train_loss": 0.7})
    assert seen.id == again.id != ""


def test_checkpoints_keep_the_numbers_they_have(service: Service, backend: AzureOpenAIBackend) -> None:
    """Measurements that are missing are left out."""
    checkpoint = {
        "id": "ftchkpt-1",
        "created_at": 5,
        "fine_tuned_model_checkpoint": "ftchkpt-1",
        "fine_tuning_job_id": "ftjob-1",
        "step_number": 30,
        "metrics": {"step": 30, "train_loss": 0.5, "full_valid_loss": None},
    }
    service.will(answer(body={"data": [checkpoint], "has_more": False}))
    (seen,) = backend.list_checkpoints("ftjob-1")
    assert (seen.step_number, seen.fine_tuned_model_checkpoint) == (30, "ftchkpt-1")
    assert seen.metrics == {"step": 30.0, "train_loss": 0.5}


def test_the_log_of_a_missing_job_is_missing_at_once(service: Service, backend: AzureOpenAIBackend) -> None:
    """Not when somebody begins to read it."""
    service.will(refuse(404, "notFound", "No such job."))
    with pytest.raises(NotFound):
        backend.list_events("ftjob-none")


def test_a_page_that_fails_fails_where_it_is_needed(service: Service, backend: AzureOpenAIBackend) -> None:
    """What came before was given."""
    service.will(page(0, 2, more=True), refuse(503, "serviceUnavailable", "Later."))
    jobs = backend.list_jobs()
    next(jobs), next(jobs)
    with pytest.raises(FineTuneError, match="Later"):
        next(jobs)


def test_models_tell_their_base_their_job_and_their_dates(
    service: Service, backend: AzureOpenAIBackend
) -> None:
    """As far as the service knows them."""
    tuned = {
        "id": TUNED,
        "model": BASE,
        "fine_tune": "ftjob-0123456789abcdef0123456789abcdef",
        "lifecycle_status": "generally-available",
        "deprecation": {"fine_tune": None, "inference": 1_830_000_000},
    }
    service.will(answer(body={"object": "list", "data": [tuned, {"id": BASE}]}))
    model, base = backend.list_models()
    assert (model.base_model, model.fine_tuning_job) == (BASE, "ftjob-0123456789abcdef0123456789abcdef")
    assert (model.fine_tune_until, model.inference_until) == (None, 1_830_000_000)
    assert (base.lifecycle_status, base.inference_until) == ("", None)
    service.will(answer(body=tuned))
    assert backend.get_model(TUNED) == model
    assert service.paths[-1] == f"/models/{TUNED}"


# -- copies of checkpoints ----------------------------------------------------------------------------------------

COPIED = {
    "checkpointedModelName": "ftchkpt-1",
    "fineTuningJobId": "ftjob-1",
    "copiedAccountDetails": [
        {
            "destinationResourceId": "/subscriptions/s/account",
            "region": "swedencentral",
            "status": "InProgress",
        }
    ],
}


def test_a_checkpoint_can_be_copied_to_another_resource(service: Service) -> None:
    """Through a preview that has a header of its own."""
    service.will(answer(body=COPIED))
    backend = service.backend("v1")
    to = {"resource_id": "/subscriptions/s/account", "region": "swedencentral"}
    (copy,) = backend.copy_checkpoint("ftjob-1", "ftchkpt-1", **to)
    assert (copy.model, copy.region, copy.status) == ("ftchkpt-1", "swedencentral", "InProgress")
    assert service.sent() == {"destinationResourceId": "/subscriptions/s/account", "region": "swedencentral"}
    assert backend.list_checkpoint_copies("ftjob-1", "ftchkpt-1") == (copy,)
    assert [request.method for request in service.requests] == ["POST", "GET"]
    assert set(service.paths) == {"/fine_tuning/jobs/ftjob-1/checkpoints/ftchkpt-1/copy"}
    assert {request.headers["aoai-copy-ft-checkpoints"] for request in service.requests} == {"preview"}


@pytest.mark.parametrize("body", [{}, {"copiedAccountDetails": None}])
def test_a_copy_that_cannot_be_read_may_have_begun(service: Service, body: dict[str, Any]) -> None:
    """So it is not begun again by itself."""
    service.will(answer(body=body))
    with pytest.raises(OutcomeUnknown):
        service.backend("v1").copy_checkpoint("ftjob-1", "ftchkpt-1", resource_id="r", region="x")


def test_the_dated_surface_cannot_copy(service: Service) -> None:
    """The message names the one that can."""
    with pytest.raises(NotSupported, match="/openai/v1/"):
        service.backend("dated").list_checkpoint_copies("ftjob-1", "ftchkpt-1")
