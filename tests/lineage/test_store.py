"""The lineage file: private, ours, and never half-written."""

from __future__ import annotations

import gc
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aoai_finetune import MockBackend, ModelLineage
from aoai_finetune.errors import LineageError
from samples import BASE, facts


def test_the_file_and_its_companions_are_private(path: Path, lineage: ModelLineage) -> None:
    """Rows and answers are for the owner's eyes."""
    lineage.fine_tune(BASE, facts())
    for file in path.parent.glob("assistant.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_file_of_a_newer_version_is_refused_and_untouched(path: Path, lineage: ModelLineage) -> None:
    """An old library must not guess what a newer one wrote."""
    lineage.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LineageError, match="newer version"):
        ModelLineage(path)
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused_and_untouched(tmp_path: Path) -> None:
    """A wrong path must not turn another program's file into ours."""
    foreign = tmp_path / "foreign.db"
    db = sqlite3.connect(foreign)
    db.execute("CREATE TABLE theirs (x)")
    db.commit()
    db.close()
    before = foreign.read_bytes()
    with pytest.raises(LineageError, match="not a lineage"):
        ModelLineage(foreign)
    assert foreign.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 100])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    """A text file, say."""
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(LineageError, match="cannot open"):
        ModelLineage(tmp_path / "x.db")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """The path names a file."""
    with pytest.raises(LineageError, match="cannot open"):
        ModelLineage(tmp_path)


def test_a_closed_lineage_says_so(path: Path, lineage: ModelLineage) -> None:
    """Closing twice is harmless; using it afterwards is a clear error."""
    lineage.close()
    lineage.close()
    with pytest.raises(LineageError, match="closed"):
        _ = lineage.versions


def test_a_lineage_in_memory_is_shared_by_threads(backend: MockBackend) -> None:
    """`:memory:` keeps nothing, and works from any thread."""
    with ModelLineage(":memory:", backend=backend) as lineage:
        lineage.fine_tune(BASE, facts()).wait(progress=False)
        seen: list[int] = []
        thread = threading.Thread(target=lambda: seen.append(len(lineage.versions)))
        thread.start()
        thread.join()
        assert seen == [1]


def test_threads_that_ask_for_the_same_buy_once(path: Path, backend: MockBackend) -> None:
    """Ten threads, one request: one job."""
    with ModelLineage(path, backend=backend) as lineage:
        ids: set[str] = set()
        threads = [
            threading.Thread(target=lambda: ids.add(lineage.fine_tune(BASE, facts()).id)) for _ in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 1
        assert len(list(backend.list_jobs())) == 1


def test_rows_are_stored_once(path: Path, lineage: ModelLineage) -> None:
    """However often rows are trained, they are stored by content."""
    first = lineage.fine_tune(BASE, facts()).wait(progress=False)
    lineage.continue_from(first, facts()[:12])
    db = sqlite3.connect(path)
    (stored,) = db.execute("SELECT count(*) FROM example").fetchone()
    db.close()
    assert stored == len(facts())


def test_repr_and_text_hold_no_rows(lineage: ModelLineage) -> None:
    """What was taught is shown only where it is asked for."""
    job = lineage.fine_tune(BASE, facts()).wait(progress=False)
    plan = lineage.plan(job, facts()[:10])
    shown = "\n".join(
        str(each)
        for each in (
            lineage,
            repr(lineage),
            lineage._repr_html_(),
            job,
            job._repr_html_(),
            plan,
            repr(plan),
            plan._repr_html_(),
            lineage.history(job),
            lineage.versions,
        )
    )
    assert "number 1" not in shown
    assert "Hotaru" not in shown


def test_a_mistyped_path_without_a_backend_makes_no_file(tmp_path: Path) -> None:
    """A reader of a lineage that is not there is told so."""
    with pytest.raises(LineageError, match="no lineage file"):
        ModelLineage(tmp_path / "typo" / "none.db")
    assert not list(tmp_path.iterdir())


def test_a_reader_needs_no_lock(path: Path, lineage: ModelLineage) -> None:
    """Opening and reading go on while another program writes."""
    lineage.fine_tune(BASE, facts()).wait(progress=False)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with ModelLineage(path) as reader:
        assert len(reader.versions) == 1
    writer.execute("ROLLBACK")
    writer.close()


def test_a_refusal_of_the_database_is_a_typed_error(path: Path, lineage: ModelLineage) -> None:
    """Whatever SQLite says, callers catch our errors."""
    db = sqlite3.connect(path)
    db.execute("DROP TABLE promotion")
    db.commit()
    db.close()
    with pytest.raises(LineageError, match="refuses"):
        _ = lineage.aliases


def test_an_interrupted_transaction_leaves_no_lock_behind(path: Path, lineage: ModelLineage) -> None:
    """Ctrl-C inside a write: the next write, of any process, goes on."""
    with pytest.raises(KeyboardInterrupt), lineage._store.write():
        raise KeyboardInterrupt
    with ModelLineage(path, backend=MockBackend()) as other:
        assert other.fine_tune(BASE, facts()).id


def test_threads_give_their_connections_back(lineage: ModelLineage) -> None:
    """A service that starts a thread per request does not run out of files."""
    for _ in range(20):
        thread = threading.Thread(target=lambda: lineage.versions)
        thread.start()
        thread.join()
    gc.collect()
    assert len(lineage._store._open) <= 2


def test_closing_waits_for_whoever_is_reading(path: Path, lineage: ModelLineage) -> None:
    """Closing a connection that another thread is using would crash the interpreter."""
    lineage.fine_tune(BASE, facts())
    said: list[str] = []

    def read_on() -> None:
        try:
            while True:
                lineage.jobs()
        except LineageError as closed:
            said.append(str(closed))

    threads = [threading.Thread(target=read_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    lineage.close()
    for thread in threads:
        thread.join()
    assert len(said) == 4
    assert all("closed" in text for text in said)
    assert "closed" in repr(lineage)
    assert "closed" in str(lineage)


def test_a_file_that_was_deleted_is_a_typed_error_in_every_thread(tmp_path: Path) -> None:
    """A thread that comes later cannot open it any more, and says so in our words."""
    with MockBackend() as backend, ModelLineage(tmp_path / "gone.db", backend=backend) as lineage:
        for file in tmp_path.iterdir():
            file.unlink()
        with ThreadPoolExecutor(max_workers=1) as pool, pytest.raises(LineageError, match="refuses"):
            pool.submit(lambda: lineage.versions).result()
