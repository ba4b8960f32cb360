"""Asking a model on Azure, where only deployments answer: which one, how, and what it would cost to have one."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from ...errors import FineTuneError, NotDeployed, NotFound, ServiceError
from .. import _wire
from .._clock import Clock
from .._records import Completion
from ._arm import ArmDeployments
from ._calls import Call, part
from ._remedies import is_fine_tuned
from ._sender import Sender
from ._surface import Surface

__all__ = ["Chatting", "Question", "Serving"]

_FRESH: Final = 30.0
"""Seconds for which a list of deployments is taken for true."""

_CHECKPOINT: Final = re.compile(r"^ftchkpt-|:ckpt-step-\d+$")
"""How checkpoints are named: by Azure, and by OpenAI."""

_REASONING: Final = ("o1", "o3", "o4", "gpt-5")
"""Models that think first: they take `max_completion_tokens`, and no temperature but their own."""


@dataclass(frozen=True, slots=True)
class Served:
    """A name that answers, and the model behind it, empty where that is not known."""

    name: str
    model: str = ""


class Serving:
    """Which deployment answers for a model.

    Args:
        given: deployment names by model, as the user knows them.
        arm: the live deployments, None where nobody may ask.
        clock: the time in which a list grows old.
    """

    def __init__(self, given: Mapping[str, str], arm: ArmDeployments | None, clock: Clock) -> None:
        self._given, self._arm, self._clock = dict(given), arm, clock
        self._live: tuple[float, dict[str, str]] | None = None
        self._lock = threading.Lock()

    def find(self, model: str) -> Served:
        """The deployment of a model; a name that is no known model is taken for a deployment's.

        Raises:
            NotDeployed: a fine-tuned model that nothing serves, as far as anybody told.
            ServiceError, NotFound, NotSupported: a fine-tuned model, and the deployments cannot be listed.
        """
        if model in self._given:
            return Served(self._given[model], model)
        names = {name: served for served, name in self._given.items()} | self._deployed(model)
        if model in names:
            return Served(model, names[model])
        name = next((name for name, served in names.items() if served == model), None)
        if name is None and is_fine_tuned(model):
            self.forget()  # it may have become ready since the list was read
            name = next((name for name, served in self._deployed(model).items() if served == model), None)
            if name is None:
                raise not_deployed(model)
        return Served(name or model, model if name else "")

    def forget(self) -> None:
        """What was listed is no longer true."""
        self._live = None

    def _deployed(self, model: str) -> dict[str, str]:
        """Models by the name of their live deployment, none where that cannot be known and is not needed."""
        if self._arm is None:
            return {}
        with self._lock:
            now = self._clock.now()
            if self._live is not None and 0 <= now - self._live[0] < _FRESH:
                return self._live[1]
            try:
                ready = [each for each in self._arm.list() if each.status.lower() == "succeeded"]
            except FineTuneError:
                if is_fine_tuned(model):
                    raise
                ready = []
            self._live = (now, {each.name: each.model for each in ready})
            return self._live[1]


def not_deployed(model: str, *, code: str | None = None, status: int | None = None) -> NotDeployed:
    """The error for a model that nothing serves: what serving costs, and the line to type."""
    costs = "it is paid by the token, not by the hour"
    if is_fine_tuned(model):
        costs = (
            f"a standard deployment costs {_hourly(model)} whether it is used or not, a developer deployment "
            "nothing per hour (it ends after 24 hours)"
        )
    return NotDeployed(
        f"nothing serves {model}; {costs}",
        status=status,
        code=code,
        hint=f"{_deploying(model)}; where it is deployed already, give the backend "
        f"deployments={{{model!r}: 'its-name'}}",
    )


def _deploying(model: str) -> str:
    """The line to type. A lineage deploys the models of its versions: no checkpoints, and none of the catalogue."""
    if not is_fine_tuned(model):
        return f"backend.create_deployment('a-name', {model!r}, tier='standard')"
    by_hand = f"backend.create_deployment('a-name', {model!r}, tier='developer')"
    if _CHECKPOINT.search(model):
        return by_hand
    return f"with lineage.deployed({model!r}, tier='developer'): ..., or {by_hand}"


def _hourly(model: str) -> str:
    from ...dataset import PRICES

    known = True
    try:
        price = PRICES.find(model, "standard")
    except NotFound:
        known, price = False, PRICES.find("gpt-4.1", "standard")
    low, high = price.hosting.span()
    amount = f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
    return f"{'' if known else 'about '}{amount} USD an hour (list price of {PRICES.date})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and how it is to be answered."""

    messages: Sequence[Mapping[str, Any]]
    temperature: float = 0
    max_tokens: int | None = None
    seed: int | None = None

    def body(self, model: str) -> dict[str, Any]:
        """The request's JSON for a model, whose kind decides what it takes."""
        settings: dict[str, Any] = {"max_tokens": self.max_tokens, "temperature": self.temperature}
        if model.lower().startswith(_REASONING):
            settings = {"max_completion_tokens": self.max_tokens}
        given = {name: value for name, value in {**settings, "seed": self.seed}.items() if value is not None}
        return {"messages": [dict(message) for message in self.messages], **given}


@dataclass(frozen=True, slots=True)
class Chatting:
    """Asks deployments on Azure, models elsewhere."""

    sender: Sender
    surface: Surface
    serving: Serving

    def ask(self, model: str, question: Question) -> Completion:
        """The answer. What the content filter refuses is an empty one with the finish reason `content_filter`."""
        served = self.serving.find(model) if self.surface.azure else Served(model, model)
        call = self._call(served, question)
        failure: FineTuneError
        try:
            return self.sender.record(call, _wire.completion)
        except ServiceError as refused:
            if _is_filtered(refused):
                return Completion(content="", model=served.model or model, finish_reason="content_filter")
            failure = self._explained(refused, model)
        raise failure

    def _call(self, served: Served, question: Question) -> Call:
        body = question.body(served.model or served.name)
        path = "/chat/completions"
        if self.surface.kind == "dated":
            # Said in full: the client would put its own azure_deployment in the place of this one.
            path = f"/deployments/{part(served.name)}{path}"
        else:
            body["model"] = served.name
        return Call(operation="chat", verb="post", path=path, private=True, subject=served.name, body=body)

    def _explained(self, refused: ServiceError, model: str) -> FineTuneError:
        """A deployment that is not there may be a model that nothing serves, or a name that nobody has."""
        if not isinstance(refused, NotDeployed) or refused.retryable:
            return refused
        self.serving.forget()
        if self.surface.azure and (is_fine_tuned(model) or self._is_model(model)):
            return not_deployed(model, code=refused.code, status=refused.status)
        return NotFound(
            f"nothing answers under {model!r}",
            hint=refused.hint,
            status=refused.status,
            code=refused.code,
            request_id=refused.request_id,
        )

    def _is_model(self, name: str) -> bool:
        with suppress(FineTuneError):
            self.sender.send(Call(operation="get_model", verb="get", path=f"/models/{part(name)}"))
            return True
        return False


def _is_filtered(refused: ServiceError) -> bool:
    return refused.status == 400 and refused.code in {"content_filter", "contentFilter"}
