"""From rows to an answer, with an unmodified openai client and nothing but its public API."""

from __future__ import annotations

import openai
import pytest

from aoai_finetune.testing import Emulator
from testing.clients import ACCOUNT, BASE, ROWS, Http, deploy, make_client, trained, uploaded


def test_a_client_goes_from_rows_to_an_answer(
    client: openai.OpenAI, emulator: Emulator, http: Http, surface: str
) -> None:
    """Upload, job, events, checkpoints, result file, deployment, chat; on both faces."""
    file = client.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
    assert (file.status, file.bytes) == ("pending", len(ROWS))
    emulator.advance(10)
    assert client.files.retrieve(file.id).status == "processed"

    job = client.fine_tuning.jobs.create(model=BASE, training_file=file.id, suffix="entries", seed=7)
    assert job.status == ("queued" if surface == "v1" else "pending")
    assert job.fine_tuned_model is None
    emulator.advance(10_000)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.status == "succeeded"
    assert job.fine_tuned_model == f"{BASE}.ft-{job.id.removeprefix('ftjob-')}-entries"

    events = list(client.fine_tuning.jobs.list_events(job.id, limit=5))
    assert events[0].message == f"Training tokens billed: {job.trained_tokens}"
    assert events[-1].message.startswith("Job enqueued.")
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id))
    assert [each.step_number for each in checkpoints] == [120, 108, 96]
    table = client.files.content(job.result_files[0]).text
    assert table.startswith("step,train_loss,")
    assert len(table.splitlines()) == 121

    assert deploy(http, "entries", job.fine_tuned_model).status_code == 201
    emulator.advance(120)
    reply = client.chat.completions.create(
        model="entries", messages=[{"role": "user", "content": "What is entry 4?"}], temperature=0
    )
    assert reply.choices[0].message.content == "It is number 4."
    assert http("DELETE", f"{ACCOUNT}/deployments/entries?api-version=2024-10-01").status_code == 202


def test_a_fine_tuned_model_is_trained_further(client: openai.OpenAI, emulator: Emulator) -> None:
    """Its name stands where a base model's does, and the job keeps its parent."""
    first = trained(client, emulator)
    second = client.fine_tuning.jobs.create(
        model=first.fine_tuned_model, training_file=uploaded(client, emulator)
    )
    emulator.advance(10_000)
    done = client.fine_tuning.jobs.retrieve(second.id)
    assert (done.status, done.model) == ("succeeded", first.fine_tuned_model)


def test_lists_are_read_to_the_end(client: openai.OpenAI, emulator: Emulator) -> None:
    """A client that pages by itself meets every file and every job once."""
    files = [uploaded(client, emulator) for _ in range(5)]
    jobs = [client.fine_tuning.jobs.create(model=BASE, training_file=file).id for file in files]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=2)] == jobs[::-1]
    assert [file.id for file in client.files.list()] == files[::-1]


def test_models_are_listed_with_their_origin(client: openai.OpenAI, emulator: Emulator) -> None:
    """A fine-tuned one names its base, its job, and when it retires."""
    job = trained(client, emulator)
    assert job.fine_tuned_model in {model.id for model in client.models.list()}
    body = client.models.retrieve(job.fine_tuned_model).to_dict()
    assert (body["model"], body["fine_tune"]) == (BASE, job.id)
    assert body["deprecation"] == {"fine_tune": 1807660800, "inference": 1823472000}


def test_jobs_are_cancelled_paused_and_resumed(client: openai.OpenAI, emulator: Emulator) -> None:
    """Pausing keeps a job from ending; cancelling is for good."""
    jobs = client.fine_tuning.jobs
    job = jobs.create(model=BASE, training_file=uploaded(client, emulator))
    emulator.advance(60)
    assert str(jobs.pause(job.id).status) == "paused"
    emulator.advance(10_000)
    assert jobs.resume(job.id).status == "running"
    assert jobs.cancel(job.id).status == "cancelled"


def test_a_key_serves_both_faces_of_one_resource(emulator: Emulator) -> None:
    """What one client uploads, the other sees."""
    with make_client(emulator, "v1") as one, make_client(emulator, "dated") as other:
        file = uploaded(one, emulator)
        assert other.files.retrieve(file).status == "processed"


def test_a_token_provider_serves_instead_of_a_key(emulator: Emulator) -> None:
    """Both clients ask it before each request."""
    v1 = openai.OpenAI(base_url=f"{emulator.endpoint}/openai/v1/", api_key=lambda: "test", max_retries=0)
    dated = openai.AzureOpenAI(
        azure_endpoint=emulator.endpoint,
        api_version="2024-10-21",
        azure_ad_token_provider=lambda: "test",
        max_retries=0,
    )
    with v1, dated:
        assert list(v1.files.list()) == list(dated.files.list()) == []


@pytest.mark.parametrize("surface", ["v1", "dated"])
def test_an_async_client_works_as_well(emulator: Emulator, surface: str) -> None:
    """A hundred requests at once are answered."""
    import asyncio

    async def ask() -> list[str]:
        made = (
            openai.AsyncOpenAI(base_url=f"{emulator.endpoint}/openai/v1/", api_key="test")
            if surface == "v1"
            else openai.AsyncAzureOpenAI(
                azure_endpoint=emulator.endpoint, api_version="2024-10-21", api_key="test"
            )
        )
        async with made as client:
            several = [
                client.files.create(file=(f"{n}.jsonl", ROWS), purpose="fine-tune") for n in range(100)
            ]
            return [file.id for file in await asyncio.gather(*several)]

    assert len(set(asyncio.run(ask()))) == 100
    assert emulator.calls == {"upload_file": 100}
