"""What is to be bought: a step, and its consecutive jobs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from ..backends import JobRequest, Method, Supervised
from ..dataset import Dataset, canonical_json

__all__ = ["Part", "Step"]

_SUFFIX = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One job of a step: its rows, and how they are trained."""

    training: Dataset
    validation: Dataset | None = None
    method: Method = field(default_factory=Supervised)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One or more consecutive jobs, each starting from the model of the one before.

    Attributes:
        model: what the first part starts from.
        parts: the jobs, in order; at least one.
        suffix: 1 to 40 of `A-Z a-z 0-9 _ -`, or None.
        scope: anything else that makes two equal requests different purchases (the resource, the parent version).

    Raises:
        ValueError: no part, or a suffix the service would refuse.
    """

    model: str
    parts: tuple[Part, ...]
    suffix: str | None = None
    seed: int | None = None
    training_type: str | None = None
    scope: str = ""

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a step needs at least one part")
        if self.suffix is not None and not _SUFFIX.fullmatch(self.suffix):
            raise ValueError(
                "the suffix must be 1 to 40 of A-Z, a-z, 0-9, '_' and '-' (FineTuningJob.suffix, "
                "Azure authoring API 2024-10-21); a dot is refused"
            )

    @property
    def key(self) -> str:
        """Names this purchase: equal for equal rows, settings and scope (SHA-256, hexadecimal)."""
        parts = [
            [
                part.training.fingerprint,
                part.validation.fingerprint if part.validation is not None else None,
                part.method.to_wire(),
            ]
            for part in self.parts
        ]
        request = [self.scope, self.model, parts, self.suffix, self.seed, self.training_type]
        return hashlib.sha256(canonical_json(request)).hexdigest()

    def request(
        self, part: int, *, model: str, training_file: str, validation_file: str | None
    ) -> JobRequest:
        """The creation request of one part, starting from `model`."""
        return JobRequest(
            model=model,
            training_file=training_file,
            validation_file=validation_file,
            suffix=self.suffix,
            seed=self.seed,
            method=self.parts[part].method,
            training_type=self.training_type,
        )
