"""The emulator as a program: it starts, ends, waits, stands alone, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import openai
import pytest

from aoai_finetune.backends import Fault, FaultKind, ScriptedEngine, SystemClock, VirtualClock
from aoai_finetune.testing import Emulator, ScaledClock
from testing.clients import BASE, NO_TLS, ROWS, Http, fetch, make_client, trained, uploaded


def test_nothing_is_left_when_it_ends() -> None:
    """No thread, and a port that is free for the next one; ending twice does nothing."""
    before = threading.active_count()
    with Emulator() as emulator:
        port = int(emulator.endpoint.rpartition(":")[2])
        with httpx.Client(base_url=emulator.endpoint, verify=NO_TLS) as client:
            for _ in range(3):
                client.get("/")
    emulator.close()
    assert threading.active_count() == before
    with Emulator(port=port) as again:
        assert again.endpoint == emulator.endpoint


def test_a_port_that_is_taken_is_an_error() -> None:
    """And nothing is left of the attempt."""
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Emulator(port=taken.getsockname()[1])
    assert threading.active_count() == before


def test_what_was_stored_is_there_again(tmp_path: Path) -> None:
    """With a path: files, jobs, models and time."""
    with Emulator(tmp_path, name="kept") as emulator, make_client(emulator, "v1") as client:
        model, then = trained(client, emulator).fine_tuned_model, emulator.clock.now()
    with Emulator(tmp_path) as emulator, make_client(emulator, "v1") as client:
        assert client.models.retrieve(model).id == model
        assert (emulator.simulated.name, emulator.clock.now()) == ("kept", then)


def test_a_resource_is_shared_with_the_mock(tmp_path: Path) -> None:
    """What a client made, a `MockBackend` on the same path can use."""
    from aoai_finetune.backends import MockBackend

    with Emulator(tmp_path) as emulator, make_client(emulator, "v1") as client:
        model = trained(client, emulator).fine_tuned_model
        with MockBackend(tmp_path) as mock:
            assert mock.chat(model, [{"role": "user", "content": "What is entry 4?"}]).content == (
                "It is number 4."
            )


def test_virtual_time_stands_still(http: Http, emulator: Emulator) -> None:
    """Until somebody lets it pass; a request does not."""
    with make_client(emulator, "v1") as client:
        file = client.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
        assert {client.files.retrieve(file.id).status for _ in range(5)} == {"pending"}
        emulator.clock.sleep(5)
        assert client.files.retrieve(file.id).status == "processed"


def test_a_scaled_clock_needs_no_help() -> None:
    """A client that polls by its own clock sees the end of a job."""
    with Emulator(clock=ScaledClock(100_000)) as emulator, make_client(emulator, "v1") as client:
        file = client.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
        file = client.files.wait_for_processing(file.id, poll_interval=0.01)
        job = client.fine_tuning.jobs.create(model=BASE, training_file=file.id)
        while job.status not in {"succeeded", "failed"}:
            job = client.fine_tuning.jobs.retrieve(job.id)
        assert job.fine_tuned_model


def test_a_scaled_clock_goes_on_where_the_resource_stopped(tmp_path: Path) -> None:
    """Its simulated time may be far ahead of the machine's."""
    with Emulator(tmp_path, clock=ScaledClock(1)) as emulator:
        emulator.advance(1e9)
        emulator.simulated.list_files()
        then = emulator.clock.now()
    with Emulator(tmp_path, clock=ScaledClock(1)) as emulator:
        assert emulator.clock.now() >= then


def test_a_scaled_clock_sleeps_in_proportion() -> None:
    """A simulated hour at 100,000 takes 36 milliseconds; time never runs backwards."""
    clock = ScaledClock(100_000, start=0.0)
    begin = time.monotonic()
    clock.sleep(3600)
    assert 0.036 <= time.monotonic() - begin < 5
    assert clock.now() >= 3600
    clock.advance_to(0)
    assert clock.now() >= 3600
    asyncio.run(clock.sleep_async(3600))
    assert clock.now() >= 7200


@pytest.mark.parametrize("scale", [0, -1, float("inf"), float("nan")])
def test_a_scale_is_above_0(scale: float) -> None:
    """Or it is an error."""
    with pytest.raises(ValueError, match="must be above 0"):
        ScaledClock(scale)


def test_the_machines_clock_cannot_be_set() -> None:
    """`advance` says which clocks can."""
    with Emulator(clock=SystemClock()) as emulator, pytest.raises(TypeError, match="VirtualClock"):
        emulator.advance(1)


def test_one_clock_serves_several() -> None:
    """Two emulators and whoever waits can live in one time."""
    clock = VirtualClock()
    with Emulator(clock=clock) as one, Emulator(clock=clock) as other:
        one.advance(60)
        assert other.clock.now() == one.clock.now() == 1_767_225_660


def test_latency_is_real_time() -> None:
    """So many seconds before each answer."""
    with Emulator(latency=0.05) as emulator:
        begin = time.monotonic()
        fetch("GET", emulator.endpoint)
        assert time.monotonic() - begin >= 0.05


def test_a_training_does_not_stop_other_clients(emulator: Emulator) -> None:
    """While one waits for a reply that never comes, others are served."""
    fault = Fault("list_files", FaultKind.TIME_OUT)
    with Emulator(faults=[fault]) as held, make_client(held, "v1", timeout=30) as client:
        waiting = threading.Thread(target=lambda: _quietly(client.files.list))
        waiting.start()
        while not held.requests:
            waiting.join(0.01)
        assert uploaded(client, held)
        held.close()
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_mistake_of_an_engine_is_an_error_of_the_service(caplog: pytest.LogCaptureFixture) -> None:
    """500 with the name of the exception and the place of the mistake, and nothing of what was asked."""

    def answers(question: str) -> str:
        raise KeyError(question)

    with Emulator(engine=ScriptedEngine(answers)) as emulator, make_client(emulator, "v1") as client:
        emulator.simulated.create_deployment(name="d", model=BASE)
        emulator.advance(120)
        with pytest.raises(openai.InternalServerError, match="KeyError") as failed:
            client.chat.completions.create(model="d", messages=[{"role": "user", "content": "canary"}])
    told = [record.getMessage() for record in caplog.records if record.name.startswith("aoai_finetune")]
    assert [("KeyError" in text, "test_emulator_life.py" in text) for text in told] == [(True, True)]
    assert "canary" not in str(failed.value) + "".join(told)


def test_a_client_that_goes_away_in_the_middle_is_no_request(emulator: Emulator) -> None:
    """Half a body is nothing; the next client is served."""
    host, port = emulator.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as opened:
        opened.sendall(b"POST /openai/v1/files HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf")
    assert fetch("GET", emulator.endpoint).status_code == 404
    assert [seen.method for seen in emulator.requests] == ["GET"]


def _quietly(call: object) -> None:
    assert callable(call)
    try:
        call()
    except openai.APIError:
        return


def test_missing_parts_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra to install; importing the room needs none of them."""
    from importlib import util

    real = util.find_spec
    monkeypatch.setattr(
        "aoai_finetune.testing.emulator._emulator.find_spec",
        lambda name: None if name == "uvicorn" else real(name),
    )
    with pytest.raises(ImportError, match=r"needs uvicorn.*-e '\.\[emulator\]'"):
        Emulator()


def test_importing_the_room_loads_no_server() -> None:
    """Neither starlette nor uvicorn, nor openai, before an emulator is made."""
    program = (
        "import sys\nfrom aoai_finetune.testing import Emulator\n"
        "print(*sorted(set(sys.modules) & {'starlette', 'uvicorn', 'openai', 'httpx', 'httpx2', 'anyio'}))"
    )
    seen = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (seen.returncode, seen.stdout.strip(), seen.stderr) == (0, "", "")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_stands_alone(tmp_path: Path, end: signal.Signals) -> None:
    """It says where it is, serves, and ends when it is told to, with nothing on standard error."""
    command = [sys.executable, "-W", "error", "-m", "aoai_finetune.testing.emulator", "--port", "0"]
    options = ["--path", str(tmp_path / "kept"), "--time-scale", "100000", "--key", "k", "--models", "base"]
    with subprocess.Popen(
        command + options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = process.stdout.readline().strip().removeprefix("Azure OpenAI emulator: ")
        reply = fetch("GET", f"{address}/openai/v1/models", headers={"api-key": "k"})
        assert [model["id"] for model in reply.json()["data"]] == ["base"]
        process.send_signal(end)
        assert process.wait(20) == 0
        assert (process.stderr.read(), (tmp_path / "kept" / "resource.db").exists()) == ("", True)


@pytest.mark.parametrize("options", [["--engine", "none"], ["--time-scale", "0"]])
def test_standing_alone_it_says_what_it_cannot_do(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with status 2."""
    from aoai_finetune.testing.emulator.__main__ import main

    assert main(["--port", "0", *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_pytest_brings_a_fixture(aoai_emulator: Emulator) -> None:
    """Without an import: a fresh emulator with virtual time."""
    assert isinstance(aoai_emulator.clock, VirtualClock)
    assert fetch("GET", aoai_emulator.endpoint).status_code == 404
