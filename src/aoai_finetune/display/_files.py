"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_atomic", "write_atomic"]


def write_atomic(path: str | os.PathLike[str], content: bytes | str, *, mode: int | None = None) -> None:
    """Write the whole file, or leave what was there untouched. Text is written as UTF-8.

    See `open_atomic` for permissions, links and errors.
    """
    data = content.encode() if isinstance(content, str) else content
    with open_atomic(path, mode=mode) as file:
        file.write(data)


@contextlib.contextmanager
def open_atomic(path: str | os.PathLike[str], *, mode: int | None = None) -> Generator[BinaryIO, None, None]:
    """A binary file to write to, which takes its name only when the block ends without an error.

    Until then it is a hidden file in the same directory, removed when the block raises. The content is on the
    disk (fsync of file and directory) before the block is left.

    Args:
        path: where it goes. A regular file there is replaced; a symbolic link is replaced, not followed.
        mode: permissions such as 0o600; by default those of the file replaced, else what the umask leaves.

    Raises:
        OSError: the directory is missing or not writable, the disk is full, or something that is not a regular
            file stands at `path`.
    """
    target = Path(path)
    kept = _present_mode(target) if mode is None else mode
    file, temporary = _create(target, 0o666 if kept is None else 0o600)
    try:
        with file:
            yield file
            file.flush()
            if kept is not None:
                temporary.chmod(kept)
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _present_mode(target: Path) -> int | None:
    """Permissions of the file that stands there; None where there is none."""
    try:
        found = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found):
        raise FileExistsError(f"not a regular file, so it is not replaced: {target}")
    return stat.S_IMODE(found)


def _create(target: Path, mode: int) -> tuple[BinaryIO, Path]:
    temporary = target.with_name(f".{target.name[:100]}.{os.urandom(8).hex()}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    except OSError as why:  # the caller knows the name it gave, not ours
        raise type(why)(why.errno, why.strerror, str(target)) from None
    return os.fdopen(handle, "wb"), temporary


def _sync_directory(directory: Path) -> None:
    """Make the rename last through a power cut, where the system can: not on Windows, not on every mount."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
