"""Every number that the service sets, in one table: what it bounds, how much, for which models, and who says so.

Numbers of services change. Each has a source with its date, and each can be overridden:
`AzureRules(limits={"example-tokens": 8_192})`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...errors import DatasetError
from ..rows._arguments import of_kind, whole_number

__all__ = ["LIMITS", "Limit", "limits_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One number that bounds a row or a file.

    Attributes:
        name: stable name, the key of `AzureRules(limits=...)`.
        value: the most (for `examples`: the least) that is accepted.
        unit: what is counted.
        source: where the number comes from, with a date.
        models: beginnings of the names of the models it holds for; empty: for all of them.
    """

    name: str
    value: int
    unit: str
    source: str
    models: tuple[str, ...] = ()


_QUOTAS = "Azure OpenAI quotas and limits, 2026-02-17"
_MODELS = "Azure OpenAI fine-tuning models, training example context length, 2026-03"
_VISION = "Azure OpenAI vision fine-tuning, 2026-03"
_TROUBLE = "Azure OpenAI fine-tuning troubleshooting, 2026-03"
_SKILL = "microsoft/azure-skills, large file uploads, 2026-08-21"
_SCHEMA = "FineTuneChatRequestInput, openai-openapi 2025-03-21"
_FUNCTION = "FunctionObject, openai-openapi 2025-03-21"

LIMITS: Final[tuple[Limit, ...]] = (
    Limit(name="examples", value=10, unit="rows of a file, at least", source=_TROUBLE),
    Limit(name="file-bytes", value=512 * 10**6, unit="bytes of a file, through the API", source=_QUOTAS),
    Limit(
        name="upload-bytes", value=150 * 10**6, unit="bytes that one request is known to carry", source=_SKILL
    ),
    Limit(name="portal-bytes", value=200 * 10**6, unit="bytes of a file, through the portal", source=_QUOTAS),
    Limit(name="message-characters", value=1_048_576, unit="characters of a message", source=_QUOTAS),
    Limit(
        name="example-tokens",
        value=65_536,
        unit="tokens of an example",
        source=_MODELS,
        models=("gpt-4o", "gpt-4.1", "o4-mini"),
    ),
    Limit(
        name="example-tokens",
        value=32_768,
        unit="tokens of an example",
        source=_MODELS,
        models=("gpt-4.1-nano",),
    ),
    Limit(
        name="example-tokens",
        value=8_192,
        unit="tokens of an example",
        source=_MODELS,
        models=("qwen-32b", "qwen3-32b"),
    ),
    Limit(name="job-tokens", value=2 * 10**9, unit="tokens of a file times epochs", source=_QUOTAS),
    Limit(name="images-per-file", value=50_000, unit="examples with images in a file", source=_VISION),
    Limit(name="images-per-example", value=64, unit="images of an example", source=_VISION),
    Limit(name="image-bytes", value=10 * 10**6, unit="bytes of an image", source=_VISION),
    Limit(name="functions-per-row", value=128, unit="functions of a row", source=_SCHEMA),
    Limit(name="tool-name-characters", value=64, unit="characters of a tool's name", source=_FUNCTION),
)


def limits_of(model: str | None, overrides: Mapping[str, int]) -> Mapping[str, Limit]:
    """The limits that hold for a model, by name; a model's own number goes before a general one.

    Without a model the most that any known model takes; for an unknown model only what holds for all. Raises
    DatasetError for an override of a limit that does not exist, or that is not a positive whole number.
    """
    fitting = [limit for limit in LIMITS if _fit(limit, model) >= 0]
    fitting.sort(key=lambda limit: limit.value if model is None else _fit(limit, model))
    found = {limit.name: limit for limit in (*fitting, *_overridden(overrides))}
    return {name: found[name] for name in dict.fromkeys(limit.name for limit in LIMITS) if name in found}


def _fit(limit: Limit, model: str | None) -> int:
    """How much of the model's name the limit knows; -1 when it is about other models."""
    if not limit.models or model is None:
        return 0
    return max((len(start) for start in limit.models if model.lower().startswith(start)), default=-1)


def _overridden(overrides: Mapping[str, int]) -> Iterable[Limit]:
    known = {limit.name: limit for limit in LIMITS}
    for name, value in overrides.items():
        of_kind(name, str, "a name in limits", wanted="a text")
        if name not in known:
            from difflib import get_close_matches

            near = [each for each in known if len(name) > 2 and name in each] or get_close_matches(
                name, known
            )
            meant = f"Did you mean {', '.join(near)}? " if near else ""
            raise DatasetError(f"there is no limit {name!r}", hint=f"{meant}Limits: {', '.join(known)}")
        number = whole_number(value, f"limit {name!r}", least=1)
        yield replace(known[name], value=number, source="given by the caller", models=())
