"""The simulated resource seen through the mock: quotas, time, refusals, what is kept."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aoai_finetune.backends import (
    JobRecord,
    JobRequest,
    Limits,
    MockBackend,
    ScriptedEngine,
    Supervised,
    VirtualClock,
)
from aoai_finetune.backends.mock import CATALOGUE, ServiceFault
from aoai_finetune.errors import FineTuneError, NotDeployed, NotFound, ServiceError

BASE = "gpt-4.1-mini-2025-04-14"
Starts = Callable[..., JobRecord]


def upload(backend: MockBackend, content: bytes) -> str:
    """A file that has been looked at; its id."""
    file = backend.upload_file(io.BytesIO(content), filename="rows.jsonl")
    backend.clock.sleep(10)
    return file.id


# -- files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        b'{"messages": [{"role": "user", "content": "q"}]}',
        b'{"messages": []}',
        b'{"fact": "x", "messages": [{"role": "assistant", "content": "a"}]}',
        b'{"messages": [{"role": "robot", "content": "q"}, {"role": "assistant", "content": "a"}]}',
        b'{"messages": [{"role": "assistant", "content": "a", "weight": 2}]}',
        b'{"messages": [{"role": "user"}, {"role": "assistant", "content": "a"}]}',
        b'{"messages": [{"role": "assistant", "content": "a", "mood": "x"}]}',
        b'{"prompt": "p", "completion": "c"}',
        b"[1, 2]",
        b'{"messages": [',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_rows_that_are_no_chat_rows_make_a_file_an_error(content: bytes, row: bytes) -> None:
    """The details name the line, and no text of the row."""
    backend = MockBackend()
    file = backend.get_file(upload(backend, content + row + b"\n"))
    assert file.status == "error"
    assert "line 13 " in str(file.status_details)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file_is_an_error(content: bytes) -> None:
    """There is nothing in it to train on."""
    backend = MockBackend()
    assert backend.get_file(upload(backend, content)).status == "error"


def test_a_byte_order_mark_is_accepted(content: bytes) -> None:
    """The service's documents even ask for one."""
    backend = MockBackend()
    assert backend.get_file(upload(backend, b"\xef\xbb\xbf" + content)).status == "processed"


def test_a_line_separator_inside_a_row_does_not_split_it() -> None:
    """Rows end at a line feed only."""
    rows = (
        '{"messages":[{"role":"user","content":"a\u2028b"},{"role":"assistant","content":"c\x85d"}]}\n' * 10
    )
    backend = MockBackend()
    assert backend.get_file(upload(backend, rows.encode())).status == "processed"


def test_the_number_of_files_is_limited(content: bytes) -> None:
    """The next file after the limit is refused; result files do not count."""
    backend = MockBackend(limits=Limits(files=2))
    upload(backend, content)
    upload(backend, content)
    with pytest.raises(ServiceError) as refused:
        upload(backend, content)
    assert refused.value.code == "quotaExceeded"


def test_the_size_of_all_files_is_limited(content: bytes) -> None:
    """The quota is on the sum."""
    backend = MockBackend(limits=Limits(bytes=2 * len(content)))
    upload(backend, content)
    upload(backend, content)
    with pytest.raises(ServiceError, match="bytes"):
        upload(backend, content)


def test_files_for_another_purpose_are_refused(content: bytes) -> None:
    """This resource is for fine-tuning."""
    with pytest.raises(ServiceFault, match="purpose"):
        MockBackend().simulated.upload_file(filename="f", content=content, purpose="assistants")


# -- jobs ------------------------------------------------------------------------------------------------------


def test_three_jobs_run_and_the_others_wait(start: Starts) -> None:
    """The fourth starts when one of the first is over."""
    backend = MockBackend()
    made = [start(backend).id for _ in range(4)]
    backend.clock.sleep(60)
    assert [backend.get_job(job).status for job in made] == ["running"] * 3 + ["pending"]
    backend.clock.sleep(10_000)
    assert all(backend.get_job(job).succeeded for job in made)


def test_the_queue_is_limited(start: Starts) -> None:
    """A full queue is a refusal that time heals."""
    backend = MockBackend(limits=Limits(running=1, queued=1))
    start(backend)
    start(backend)
    with pytest.raises(ServiceError) as refused:
        start(backend)
    assert refused.value.retryable
    backend.clock.sleep(10_000)
    assert start(backend).id


def test_the_number_of_jobs_is_limited(start: Starts) -> None:
    """Over the total quota nothing helps but another resource."""
    backend = MockBackend(limits=Limits(jobs=1))
    start(backend)
    with pytest.raises(ServiceError) as refused:
        start(backend)
    assert (refused.value.code, refused.value.retryable) == ("quotaExceeded", False)


def test_the_job_reply_looks_like_the_services(start: Starts) -> None:
    """Fields and values as in recorded replies: pending, -1 for what the service decides, no empty fields."""
    backend = MockBackend()
    job = start(backend, method=Supervised())
    body = backend.simulated.get_job(job_id=job.id)
    assert body["object"] == "fine_tuning.job"
    assert body["status"] == "pending"
    assert body["hyperparameters"] == {"n_epochs": -1, "batch_size": -1, "learning_rate_multiplier": 1.0}
    assert not {"result_files", "fine_tuned_model", "organization_id", "error", "suffix"} & set(body)


def test_auto_epochs_are_ten_in_the_end(start: Starts, train: Starts) -> None:
    """The bill is that of ten passes, and the record says so."""
    backend = MockBackend()
    auto, ten = train(backend), train(backend, method=Supervised(n_epochs=10))
    assert auto.hyperparameters["n_epochs"] == 10
    assert auto.trained_tokens == ten.trained_tokens


def test_the_bill_is_counted_like_a_plan_counts(rows: list[dict[str, Any]], train: Starts) -> None:
    """The same counter, so that a plan's tokens and the job's are the same number."""
    from aoai_finetune.dataset import counter_for, row_tokens

    job = train(MockBackend(), method=Supervised(n_epochs=3))
    assert job.trained_tokens == 3 * sum(row_tokens(row, counter_for(None)) for row in rows)


def test_the_events_are_the_services_in_its_order(train: Starts) -> None:
    """The sequence of a recorded job; every tenth step is told."""
    backend = MockBackend()
    job = train(backend, method=Supervised(n_epochs=2))
    told = [event.message for event in backend.list_events(job.id)][::-1]
    assert [line for line in told if not line.startswith("Step")] == [
        "Job enqueued. Waiting for jobs ahead to complete.",
        "Preprocessing running for file training file.",
        "Preprocessing completed for file training file.",
        "Job started.",
        "Data Import started.",
        "Finetuning started.",
        "Job queued, waiting for GPUs.",
        "Training started.",
        f"Created results file: {job.result_files[0]}",
        "Job succeeded.",
        "Model Evaluation Passed.",
        f"Completed results file: {job.result_files[0]}",
        f"Training tokens billed: {job.trained_tokens}",
    ]
    steps = [event for event in backend.list_events(job.id) if event.type == "metrics"]
    assert [event.data["step"] for event in steps] == [20, 10]
    assert steps[0].message == f"Step 20: training loss={steps[0].data['train_loss']}"


def test_a_very_long_job_still_has_few_events(content: bytes) -> None:
    """Step events get sparser instead of more than two hundred."""
    backend = MockBackend()
    file_id = upload(backend, content * 50)
    job = backend.create_job(JobRequest(model=BASE, training_file=file_id, method=Supervised(n_epochs=8)))
    backend.clock.sleep(10_000)
    steps = [event for event in backend.list_events(job.id) if event.type == "metrics"]
    assert 100 <= len(steps) <= 200


def test_a_job_with_nothing_to_learn_fails(rows: list[dict[str, Any]]) -> None:
    """Every assistant message has weight 0; the reason is in the record, and nothing is billed."""
    for row in rows:
        row["messages"][1]["weight"] = 0
    backend = MockBackend()
    file_id = upload(backend, b"\n".join(json.dumps(row).encode() for row in rows))
    job = backend.create_job(JobRequest(model=BASE, training_file=file_id))
    backend.clock.sleep(10_000)
    failed = backend.get_job(job.id)
    assert failed.status == "failed"
    assert "nothing to train on" in str(failed.error)
    assert failed.trained_tokens is None


@pytest.mark.parametrize("when", [0, 60])
def test_a_cancelled_job_says_no_more(start: Starts, when: int) -> None:
    """Steps that were not reached are never told, queued or running."""
    backend = MockBackend()
    job = start(backend)
    backend.clock.sleep(when)
    backend.cancel_job(job.id)
    said = list(backend.list_events(job.id))
    backend.clock.sleep(10_000)
    assert said[0].message == "Job cancelled."
    assert list(backend.list_events(job.id)) == said
    assert not list(backend.list_checkpoints(job.id))


def test_a_paused_job_keeps_its_steps_for_later(start: Starts) -> None:
    """The pause shifts what was not told yet, and the end, by its length."""
    paused, straight = MockBackend(name="a"), MockBackend(name="b")
    ends: list[int] = []
    for backend in (paused, straight):
        job = start(backend)
        backend.clock.sleep(100)
        if backend is paused:
            backend.pause_job(job.id)
            before = len(list(backend.list_events(job.id)))
            backend.clock.sleep(500)
            assert len(list(backend.list_events(job.id))) == before
            backend.resume_job(job.id)
        backend.clock.sleep(10_000)
        ends.append(backend.get_job(job.id).finished_at or 0)
    assert ends[0] - ends[1] == 500


@pytest.mark.parametrize("model", ["o4-mini-2025-04-16", "gpt-4.1-mini", ""])
def test_models_without_supervised_training_are_refused(start: Starts, model: str) -> None:
    """One misleading text for all of them, as on Azure."""
    with pytest.raises(ServiceError) as refused:
        start(MockBackend(), model)
    assert refused.value.status == 400


def test_a_result_file_is_no_training_file(train: Starts) -> None:
    """It is processed, but not for training."""
    backend = MockBackend()
    results = train(backend).result_files[0]
    with pytest.raises(ServiceError, match="completed file import"):
        backend.create_job(JobRequest(model=BASE, training_file=results))


def test_open_weight_models_cannot_be_continued(train: Starts) -> None:
    """Continuing is documented for the OpenAI models only."""
    backend = MockBackend()
    first = train(backend, "gpt-oss-20b")
    assert first.succeeded
    with pytest.raises(ServiceError, match="does not support fine-tuning"):
        train(backend, str(first.fine_tuned_model))


@pytest.mark.parametrize(
    "body",
    [
        {"method": {"type": "dpo"}},
        {"method": "supervised"},
        {"hyperparameters": {"n_epochs": 0}},
        {"hyperparameters": {"n_epochs": 51}},
        {"hyperparameters": {"n_epochs": True}},
        {"hyperparameters": {"n_epochs": "many"}},
        {"hyperparameters": {"batch_size": 257}},
        {"hyperparameters": {"learning_rate_multiplier": 0}},
        {"hyperparameters": {"learning_rate_multiplier": float("inf")}},
        {"trainingType": "Premium"},
        {"training_file": None},
        {"training_file": "file-nobody"},
        {"validation_file": "file-nobody"},
        {"model": ["a"]},
        {"seed": "seven"},
    ],
    ids=str,
)
def test_requests_outside_the_contract_are_refused(content: bytes, body: dict[str, Any]) -> None:
    """Bad requests get a 400 with a code, whatever they hold, and leave no job."""
    backend = MockBackend()
    good = {"model": BASE, "training_file": upload(backend, content)}
    with pytest.raises(ServiceFault) as refused:
        backend.simulated.create_job(body=good | body)
    assert (refused.value.status, refused.value.code) == (400, "invalidPayload")
    assert refused.value.body()["error"]["message"]
    assert not list(backend.list_jobs())


@pytest.mark.parametrize("value", ["auto", -1])
def test_auto_may_be_written_as_a_word_or_as_minus_one(content: bytes, value: object) -> None:
    """Both occur on the wire, and top-level hyperparameters still work."""
    backend = MockBackend()
    body = {"model": BASE, "training_file": upload(backend, content), "hyperparameters": {"n_epochs": value}}
    assert backend.simulated.create_job(body=body)["hyperparameters"]["n_epochs"] == -1


def test_retirement_dates_hold_only_when_asked_for(start: Starts) -> None:
    """After the last day of training, 410; by default dates are only told."""
    late = VirtualClock(start=2_000_000_000)
    assert start(MockBackend(clock=late)).id
    with pytest.raises(ServiceError) as refused:
        start(MockBackend(clock=late, limits=Limits(retirements=True)))
    assert refused.value.status == 410


# -- models and chat -------------------------------------------------------------------------------------------


def test_the_catalogue_is_listed_with_its_dates() -> None:
    """Every catalogue model, and its dates where the service names them."""
    backend = MockBackend()
    assert {model.id for model in backend.list_models()} == {model.id for model in CATALOGUE}
    assert backend.get_model(BASE).inference_until == 1_807_660_800  # 2027-04-14


def test_the_catalogue_can_be_replaced(start: Starts) -> None:
    """Only the named models are there."""
    backend = MockBackend(models=["my-model"])
    assert [model.id for model in backend.list_models()] == ["my-model"]
    assert start(backend, "my-model").model == "my-model"
    with pytest.raises(ServiceError):
        start(backend)


def test_an_untrained_model_answers_artificially() -> None:
    """A base model knows nothing here."""
    reply = MockBackend().chat(BASE, [{"role": "user", "content": "Who are you?"}])
    assert "simulated" in reply.content


def test_only_deployments_answer_when_that_is_required(train: Starts) -> None:
    """The error names the price and the line to type; a deployment that answers is enough, and `Succeeded` is not."""
    backend = MockBackend(require_deployments=True)
    model = str(train(backend).fine_tuned_model)
    ask = [{"role": "user", "content": "What is entry 1?"}]
    with pytest.raises(NotDeployed, match=r"1\.70 USD") as missing:
        backend.chat(model, ask)
    assert f"create_deployment('a-name', '{model}')" in missing.value.hint
    backend.create_deployment("facts", model)
    with pytest.raises(NotFound, match="not ready"):
        backend.chat("facts", ask)
    backend.clock.sleep(60)
    assert backend.get_deployment("facts").status == "Succeeded"
    with pytest.raises(NotFound, match="not ready"):
        backend.chat("facts", ask)
    backend.clock.sleep(30)
    assert backend.chat(model, ask).content == backend.chat("facts", ask).content == "It is number 1."


@pytest.mark.parametrize(("name", "model"), [("", BASE), ("n" * 65, BASE), ("facts", "gpt-nobody")])
def test_deployments_that_cannot_be_are_refused(name: str, model: str) -> None:
    """Names have 1 to 64 characters, and models exist."""
    backend = MockBackend()
    with pytest.raises(ServiceError):
        backend.create_deployment(name, model)
    assert not list(backend.list_deployments())


def test_a_deployment_can_get_another_model(train: Starts) -> None:
    """A PUT on a name in use replaces what is served."""
    backend = MockBackend()
    model = str(train(backend).fine_tuned_model)
    backend.create_deployment("facts", BASE)
    backend.create_deployment("facts", model, tier="developertier")
    (found,) = backend.list_deployments()
    assert (found.model, found.tier, found.status) == (model, "developertier", "Creating")


def test_near_names_are_hinted_for_an_unknown_model() -> None:
    """In chat, too."""
    with pytest.raises(NotFound) as missing:
        MockBackend().chat("gpt-4.1-nano", [{"role": "user", "content": "q"}])
    assert "gpt-4.1-nano-2025-04-14" in missing.value.hint


def test_long_answers_are_cut_at_max_tokens(train: Starts) -> None:
    """The finish reason says so."""
    backend = MockBackend()
    model = str(train(backend).fine_tuned_model)
    reply = backend.chat(model, [{"role": "user", "content": "What is entry 1?"}], max_tokens=2)
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 2)
    assert "It is number 1.".startswith(reply.content)


@pytest.mark.parametrize("messages", [[], [{"role": "nobody", "content": "q"}], [{"role": "user"}]])
def test_malformed_messages_are_refused(messages: list[dict[str, str]]) -> None:
    """A 400, and not a crash inside the engine."""
    with pytest.raises(ServiceError) as refused:
        MockBackend().chat(BASE, messages)
    assert refused.value.status == 400


def test_content_stays_out_of_reprs_and_errors(train: Starts) -> None:
    """Neither a question nor an answer is in what is printed by accident."""
    backend = MockBackend()
    model = str(train(backend).fine_tuned_model)
    reply = backend.chat(model, [{"role": "user", "content": "What is entry 1?"}])
    printed = [repr(backend), repr(reply), str(reply), repr(backend.simulated)]
    with pytest.raises(FineTuneError) as missing:
        backend.chat("gpt-nobody", [{"role": "user", "content": "What is entry 1?"}])
    printed += [repr(missing.value), str(missing.value)]
    assert not [text for text in printed if "entry 1" in text or "number 1" in text]


# -- what is kept ----------------------------------------------------------------------------------------------


def test_a_resource_with_a_path_knows_everything_again(tmp_path: Path, train: Starts) -> None:
    """Files, jobs, events, checkpoints, deployments, weights, name and time."""
    with MockBackend(tmp_path / "mock") as first:
        job = train(first, suffix="kept")
        first.create_deployment("facts", str(job.fine_tuned_model))
        first.clock.sleep(100)
        seen = snapshot(first)
    with MockBackend(tmp_path / "mock", seed=9) as again:
        assert snapshot(again) == seen
        ask = [{"role": "user", "content": "What is entry 7?"}]
        assert again.chat("facts", ask).content == "It is number 7."
        assert train(again, str(job.fine_tuned_model)).succeeded


def snapshot(backend: MockBackend) -> list[object]:
    """All a resource says about itself."""
    lists: list[object] = [list(backend.list_files()), list(backend.list_jobs()), list(backend.list_models())]
    lists += [
        [list(backend.list_events(job.id)), list(backend.list_checkpoints(job.id))]
        for job in backend.list_jobs()
    ]
    return [*lists, list(backend.list_deployments()), backend.resource, backend.clock.now()]


def test_a_running_job_goes_on_after_a_restart(tmp_path: Path, start: Starts) -> None:
    """Closing the backend does not stop the service."""
    with MockBackend(tmp_path) as first:
        job = start(first)
        first.clock.sleep(60)
        assert first.get_job(job.id).status == "running"
    with MockBackend(tmp_path) as again:
        assert again.get_job(job.id).status == "running"
        again.clock.sleep(10_000)
        assert again.get_job(job.id).succeeded


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    """It holds training rows."""
    backend = MockBackend(tmp_path / "new" / "mock")
    made = [tmp_path / "new" / "mock", *(tmp_path / "new" / "mock").iterdir()]
    assert backend.resource
    assert not [path.name for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_two_backends_on_one_path_are_one_resource(tmp_path: Path, start: Starts) -> None:
    """What one does the other sees, time included."""
    one, other = MockBackend(tmp_path), MockBackend(tmp_path)
    job = start(one)
    one.clock.sleep(10_000)
    assert one.get_job(job.id) == other.get_job(job.id)
    assert other.clock.now() == one.clock.now()
    assert other.resource == one.resource


def test_two_resources_have_different_names() -> None:
    """Unless they are given the same one; a lineage tells them apart by it."""
    assert MockBackend().resource != MockBackend().resource
    assert MockBackend(name="demo").resource == "mock:demo"


def test_another_engine_does_not_open_the_models_of_one(tmp_path: Path) -> None:
    """Weights mean something to their own engine only."""
    MockBackend(tmp_path).close()
    with pytest.raises(ValueError, match="trained by the engine 'softmax', not 'scripted'"):
        MockBackend(tmp_path, engine=ScriptedEngine({}))


def test_an_unknown_engine_is_named() -> None:
    """A typing error is told at once."""
    with pytest.raises(ValueError, match="unknown engine 'gpt'"):
        MockBackend(engine="gpt")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    """A newer library may have changed it."""
    MockBackend(tmp_path).close()
    with sqlite3.connect(tmp_path / "resource.db") as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with pytest.raises(ValueError, match="another version"):
        MockBackend(tmp_path)


def test_a_job_whose_model_left_the_catalogue_fails(tmp_path: Path, start: Starts) -> None:
    """Opened with other models, the resource goes on; the job says why it could not."""
    with MockBackend(tmp_path, models=["one"]) as first:
        job = start(first, "one")
    backend = MockBackend(tmp_path, models=["other"])
    backend.clock.sleep(10_000)
    assert backend.get_job(job.id).status == "failed"


def test_a_forked_process_opens_the_file_anew(tmp_path: Path, content: bytes) -> None:
    """Parent and child write to one path and see each other's files."""
    code = """
import io, os, sys
from aoai_finetune.backends import MockBackend
backend = MockBackend(sys.argv[1])
child = os.fork()
backend.upload_file(io.BytesIO(b"x"), filename="child" if child == 0 else "parent")
if child:
    os.waitpid(child, 0)
    print(*sorted(file.filename for file in backend.list_files()))
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["child", "parent"]


@pytest.mark.parametrize("content", [b"this is no database, but it is long enough to look like one" * 20])
def test_a_file_that_is_no_resource_is_refused(tmp_path: Path, content: bytes) -> None:
    """And it is left as it was."""
    (tmp_path / "resource.db").write_bytes(content)
    with pytest.raises(ValueError, match="is not a simulated resource"):
        MockBackend(tmp_path)
    assert (tmp_path / "resource.db").read_bytes() == content


def test_threads_share_a_resource(start: Starts, tmp_path: Path) -> None:
    """Every job is there once, and every id is its own."""
    backend, made = MockBackend(tmp_path, limits=Limits(queued=100)), list[str]()

    def work() -> None:
        made.extend(start(backend).id for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20
    assert {job.id for job in backend.list_jobs()} == set(made)


def test_processes_share_a_resource(tmp_path: Path, content: bytes) -> None:
    """Three processes at once train nine jobs on one path; none is lost, none is double."""
    code = """
import io, sys
from aoai_finetune.backends import JobRequest, MockBackend
backend = MockBackend(sys.argv[1])
for _ in range(3):
    file = backend.upload_file(io.BytesIO(sys.stdin.buffer.read() or content), filename="r")
    content = backend.read_file(file.id)
    backend.clock.sleep(10)
    print(backend.create_job(JobRequest(model="gpt-4.1-mini-2025-04-14", training_file=file.id)).id)
    backend.clock.sleep(500)
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in running:
        if process.stdin is not None:
            process.stdin.write(content)
            process.stdin.close()
    made = [line for process in running for line in (process.stdout or io.BytesIO()).read().split()]
    assert [process.wait() for process in running] == [0, 0, 0]
    for process in running:
        if process.stdout is not None:
            process.stdout.close()
    backend = MockBackend(tmp_path)
    backend.clock.sleep(100_000)
    assert sorted(job.id.encode() for job in backend.list_jobs()) == sorted(made)
    assert len(made) == 9
    assert all(job.succeeded for job in backend.list_jobs())


# -- deployments in time ---------------------------------------------------------------------------------------


def test_a_deployment_of_the_developer_tier_is_gone_after_a_day() -> None:
    """Any other one after 15 days in which nobody asked it."""
    backend = MockBackend()
    backend.create_deployment("cheap", BASE, tier="developertier")
    backend.create_deployment("usual", BASE)
    backend.clock.sleep(86_400)
    assert [each.name for each in backend.list_deployments()] == ["usual"]
    backend.clock.sleep(14 * 86_400)
    assert not list(backend.list_deployments())


def test_a_question_keeps_a_deployment() -> None:
    """The 15 days are counted from it."""
    backend = MockBackend(require_deployments=True)
    backend.create_deployment("usual", BASE)
    for _ in range(3):
        backend.clock.sleep(14 * 86_400)
        assert backend.chat("usual", [{"role": "user", "content": "q"}]).content


def test_the_number_of_deployments_is_limited() -> None:
    """A name in use can still get another model."""
    backend = MockBackend(limits=Limits(deployments=1))
    backend.create_deployment("one", BASE)
    with pytest.raises(ServiceError) as refused:
        backend.create_deployment("two", BASE)
    assert refused.value.code == "InsufficientQuota"
    assert backend.create_deployment("one", "gpt-oss-20b").model == "gpt-oss-20b"


def test_an_unknown_tier_is_refused() -> None:
    """Before anything is made."""
    with pytest.raises(ServiceError, match="sku"):
        MockBackend().create_deployment("one", BASE, tier="cheap")


@pytest.mark.parametrize(
    "row",
    [
        {"input": [], "preferred_output": [], "non_preferred_output": []},
        {"input": {"messages": []}, "preferred_output": [], "non_preferred_output": []},
        {"input": {"messages": [{"role": "user", "content": "q"}]}},
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "user", "content": "a"}],
            "non_preferred_output": [{"role": "assistant", "content": "b"}],
        },
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "assistant", "content": "a"}],
            "non_preferred_output": [{"role": "assistant", "content": "b"}],
            "fact": "f",
        },
    ],
)
def test_rows_that_are_no_preferences_make_a_file_an_error(row: dict[str, Any]) -> None:
    """As for chat rows."""
    backend = MockBackend()
    file = backend.get_file(upload(backend, json.dumps(row).encode()))
    assert (file.status, "line 1 " in str(file.status_details)) == ("error", True)
