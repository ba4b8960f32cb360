"""A file appears whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aoai_finetune.display import open_atomic, write_atomic


def test_text_is_written_as_utf8(tmp_path: Path) -> None:
    """Whatever the platform's own encoding is."""
    write_atomic(tmp_path / "a.txt", "本社\n")
    assert (tmp_path / "a.txt").read_bytes() == "本社\n".encode()


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    """The temporary file took the name."""
    write_atomic(tmp_path / "a.txt", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def _write_half(target: Path, error: BaseException) -> None:
    with open_atomic(target) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path, error: BaseException) -> None:
    """Also when the interruption is no ordinary exception."""
    target = tmp_path / "a.txt"
    target.write_bytes(b"old")
    with pytest.raises(type(error)):
        _write_half(target, error)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_name_is_not_taken_before_the_end(tmp_path: Path) -> None:
    """A reader sees the whole file or none."""
    with open_atomic(tmp_path / "a.txt") as file:
        file.write(b"half")
        file.flush()
        assert not (tmp_path / "a.txt").exists()


def test_a_given_mode_is_the_mode(tmp_path: Path) -> None:
    """A private file is never readable by others, whatever the umask."""
    write_atomic(tmp_path / "a.txt", b"", mode=0o600)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o600


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    """Writing again does not open what the user closed."""
    target = tmp_path / "a.txt"
    target.touch(mode=0o640)
    target.chmod(0o640)
    write_atomic(target, b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    """As a file opened in the ordinary way does."""
    (tmp_path / "ordinary").touch()
    write_atomic(tmp_path / "a.txt", b"")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_link_is_replaced_and_its_target_untouched(tmp_path: Path) -> None:
    """Nothing is written outside the path that was given."""
    (tmp_path / "elsewhere").write_bytes(b"mine")
    (tmp_path / "a.txt").symlink_to(tmp_path / "elsewhere")
    write_atomic(tmp_path / "a.txt", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"
    assert not (tmp_path / "a.txt").is_symlink()


def test_a_device_or_pipe_is_refused(tmp_path: Path) -> None:
    """A rename would replace it by a file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="not a regular file"):
        write_atomic(tmp_path / "pipe", b"new")


def test_a_missing_directory_is_named_as_the_caller_named_it(tmp_path: Path) -> None:
    """Not by the name of the temporary file."""
    target = tmp_path / "none" / "a.txt"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomic(target, b"")
    assert caught.value.filename == str(target)


def test_a_very_long_name_still_fits(tmp_path: Path) -> None:
    """The temporary name is not longer than the file system allows."""
    write_atomic(tmp_path / ("a" * 255), b"x")
    assert (tmp_path / ("a" * 255)).read_bytes() == b"x"
