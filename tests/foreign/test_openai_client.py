"""The unmodified `openai` client, by its public API alone, from an upload to the answer of a deployed model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from aoai_finetune.testing import Emulator

BASE = "gpt-4.1-mini-2025-04-14"
KEY, TOKEN = "a-key", "a-token"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An empty resource."""
    with Emulator(key=KEY, token=TOKEN) as emulator:
        yield emulator


@pytest.fixture(params=["dated", "v1"])
def client(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[openai.OpenAI]:
    """A client as the service's documentation makes it."""
    made = (
        openai.OpenAI(base_url=f"{emulator.endpoint}/openai/v1/", api_key=KEY)
        if request.param == "v1"
        else openai.AzureOpenAI(
            azure_endpoint=emulator.endpoint, api_key=KEY, api_version="2025-04-01-preview"
        )
    )
    with made:
        yield made


def content() -> bytes:
    """Twelve rows, each with its own answer."""
    turns = [
        [
            {"role": "user", "content": f"What is entry {number}?"},
            {"role": "assistant", "content": f"It is number {number}."},
        ]
        for number in range(12)
    ]
    return b"".join(json.dumps({"messages": messages}).encode() + b"\n" for messages in turns)


def trained(client: openai.OpenAI, emulator: Emulator) -> Any:
    """A finished job."""
    file = client.files.create(file=("rows.jsonl", content()), purpose="fine-tune")
    emulator.advance(60.0)
    job = client.fine_tuning.jobs.create(
        model=BASE,
        training_file=file.id,
        suffix="foreign",
        seed=7,
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 10}}},
        extra_body={"trainingType": "Standard"},
    )
    emulator.advance(24 * 3600.0)
    return client.fine_tuning.jobs.retrieve(job.id)


def deploy(emulator: Emulator, name: str, model: str) -> None:
    """A deployment that answers, made as the documentation shows: one PUT to the control plane."""
    body = {
        "sku": {"name": "standard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": model, "version": "1"}},
    }
    made = httpx.put(
        f"{emulator.arm_endpoint}{emulator.account}/deployments/{name}",
        params={"api-version": "2024-10-01"},
        headers={"authorization": f"Bearer {TOKEN}"},
        json=body,
    )
    made.raise_for_status()
    emulator.advance(3_600.0)


def test_it_goes_from_upload_to_chat(client: openai.OpenAI, emulator: Emulator) -> None:
    """Upload, job, events, checkpoints, result file, deployment, chat."""
    job = trained(client, emulator)
    assert (job.status, job.seed, job.model) == ("succeeded", 7, BASE)
    assert job.id in [each.id for each in client.fine_tuning.jobs.list()]
    messages = [event.message for event in client.fine_tuning.jobs.list_events(job.id)]
    assert messages[0] == f"Training tokens billed: {job.trained_tokens}"
    assert len(messages) > 5
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id))
    assert checkpoints[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    results = client.files.content(job.result_files[0]).text
    assert results.startswith("step,train_loss,")
    deploy(emulator, "foreign", job.fine_tuned_model)
    reply = client.chat.completions.create(
        model="foreign", messages=[{"role": "user", "content": "What is entry 3?"}], temperature=0
    )
    assert reply.choices[0].message.content == "It is number 3."
    assert reply.usage is not None
    assert reply.usage.total_tokens > 0


def test_it_can_stream(client: openai.OpenAI, emulator: Emulator) -> None:
    """An answer in pieces is the same answer."""
    deploy(emulator, "foreign", trained(client, emulator).fine_tuned_model)
    pieces = client.chat.completions.create(
        model="foreign",
        messages=[{"role": "user", "content": "What is entry 5?"}],
        temperature=0,
        stream=True,
    )
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert text == "It is number 5."


def test_it_pages_by_itself(client: openai.OpenAI, emulator: Emulator) -> None:
    """Iterating over a list goes on where a page ends."""
    file = client.files.create(file=("rows.jsonl", content()), purpose="fine-tune")
    emulator.advance(60.0)
    made = [
        client.fine_tuning.jobs.create(
            model=BASE, training_file=file.id, extra_body={"trainingType": "Standard"}
        ).id
        for _ in range(7)
    ]
    assert [job.id for job in client.fine_tuning.jobs.list(limit=3)] == made[::-1]


def test_it_raises_its_own_errors(client: openai.OpenAI) -> None:
    """Refusals are the client's exceptions, with the service's words."""
    with pytest.raises(openai.NotFoundError):
        client.fine_tuning.jobs.retrieve("ftjob-00000000000000000000000000000000")
    file = client.files.create(file=("rows.jsonl", content()), purpose="fine-tune")
    with pytest.raises(openai.BadRequestError, match="completed file import"):
        client.fine_tuning.jobs.create(
            model=BASE, training_file=file.id, extra_body={"trainingType": "Standard"}
        )
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="another").models.list()


def test_it_cancels_and_pauses(client: openai.OpenAI, emulator: Emulator) -> None:
    """The calls that act on a running job."""
    file = client.files.create(file=("rows.jsonl", content()), purpose="fine-tune")
    emulator.advance(60.0)
    job = client.fine_tuning.jobs.create(
        model=BASE, training_file=file.id, extra_body={"trainingType": "Standard"}
    )
    while client.fine_tuning.jobs.retrieve(job.id).status != "running":
        emulator.advance(5.0)
    client.fine_tuning.jobs.pause(job.id)
    emulator.advance(5.0)
    assert str(client.fine_tuning.jobs.retrieve(job.id).status) == "paused"
    client.fine_tuning.jobs.resume(job.id)
    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    client.files.delete(file.id)
