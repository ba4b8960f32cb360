"""Multipart forms (RFC 7578), as HTTP clients send them: small, strict, and without a dependency."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message

__all__ = ["Form", "Part", "parse_form"]


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; `filename` is None for a plain one."""

    filename: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form by name; the last of several with one name counts."""

    parts: dict[str, Part] = field(repr=False)

    def text(self, name: str, default: str = "") -> str:
        """A plain field's value."""
        part = self.parts.get(name)
        return default if part is None else part.content.decode("utf-8", "replace")

    def file(self, name: str) -> Part | None:
        """A field that holds a file, or None."""
        part = self.parts.get(name)
        return None if part is None or part.filename is None else part


def parse_form(content_type: str, body: bytes) -> Form:
    """Read a form. Raises `ValueError` saying what is wrong, never with what it holds."""
    kind = _header(content_type)
    boundary = kind.get_param("boundary")
    if kind.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise ValueError("the content type names no boundary")
    mark = b"--" + boundary.encode("latin-1", "replace")
    # The first boundary has no line break before it; adding one makes all of them alike.
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("the last boundary is missing")
    return Form(dict(_part(piece) for piece in pieces[1:-1]))


def _part(piece: bytes) -> tuple[str, Part]:
    head, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("a part has no head")
    for line in head.split(b"\r\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name.strip().casefold() == "content-disposition":
            about = _header(value.strip())
            field_name, filename = about.get_param("name"), about.get_param("filename")
            return str(field_name), Part(None if filename is None else str(filename), content)
    raise ValueError("a part has no name")


def _header(value: str) -> Message:
    message = Message()
    message["content-type"] = value
    return message
