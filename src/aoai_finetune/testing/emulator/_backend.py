"""The backend for Azure, over an emulator, that does not hide what answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ...backends import Capabilities
from ...backends.azure import AzureOpenAIBackend

if TYPE_CHECKING:
    from openai import OpenAI

__all__ = ["EmulatedBackend"]


class EmulatedBackend(AzureOpenAIBackend):
    """As its parent, but reports name the learner, and plans count tokens as the emulator bills them.

    Args:
        client: a client of the emulator.
        name: the emulated resource's.
        engine: the learner behind the emulator's models.
        options: the arguments of `AzureOpenAIBackend`.
    """

    def __init__(self, client: OpenAI, *, name: str, engine: str, **options: Any) -> None:  # noqa: ANN401 - its parent's, unchanged
        super().__init__(client, **options)
        self._name, self._engine = name, engine

    @property
    @override
    def resource(self) -> str:
        """`emulator:<name>`: the resource is what the emulator keeps, on whichever port it listens today."""
        return f"emulator:{self._name}"

    @property
    @override
    def capabilities(self) -> Capabilities:
        """What the surface can do, and which learner answers."""
        return replace(super().capabilities, engine=self._engine, counter="estimate")
