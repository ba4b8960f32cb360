"""A small generative learner: a neural network that writes its answers byte by byte. Needs the extra `numpy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from typing_extensions import override

from ....errors import NotSupported
from ._features import conversation
from ._protocol import Engine, TrainingResult
from ._softmax import UNTRAINED

__all__ = ["BytesEngine"]

_RATE = 6e-4
_BATCH = 2


class BytesEngine(Engine):
    """Writes answers byte by byte, so that it can corrupt, blend and break off what it half forgot.

    What is real: the weights of one neural network (215,000 numbers) move by gradient descent on the cross-entropy
    of the next byte, and everything it does follows from them. Continuing starts from the parent's weights; nothing
    in here knows of old and new facts, of epochs that are too few, or of forgetting. What is simulated: it is no
    language model. It starts from random weights, knows no language, sees the question as a bag of character n-grams
    (no word order beyond two characters) and no system prompt, and 10 rows for 3 epochs mean to it what they mean to
    a network of this size. It shows *that* such training damages, and how rehearsal helps; not how much a GPT loses.

    The next byte is predicted from the last 8 bytes, the place in the answer, and the question, whose n-grams
    (norm 1; those of earlier turns norm 0.5) scale and shift the hidden units. Adam with a rate of 0.0006 times the
    multiplier, after a warm-up of 60 steps (half of a job with fewer than 120) falling to a tenth at the end; its
    moments start anew with each job. Two examples a step unless `batch_size` says more, six trips through the file
    per epoch, each in a new seeded order. Every base model is the same untrained network. A "token" of its accuracy
    is a byte.

    The same weights, rows, hyperparameters and seed give the same bytes on one machine with one number of threads;
    elsewhere the last bits may differ. Safe to share by threads. Weights take 0.9 MB.

    Args:
        rate: highest step size at `learning_rate_multiplier=1`.

    Raises:
        NotSupported: numpy is not installed.
    """

    def __init__(self, *, rate: float = _RATE) -> None:
        if find_spec("numpy") is None:
            raise NotSupported(
                "the bytes engine needs numpy, which is not installed",
                hint="Install the extra `numpy` (pip install -e '.[numpy]' in a checkout), or use engine='softmax'",
            )
        self._rate = rate

    @property
    @override
    def name(self) -> str:
        """`bytes`."""
        return "bytes"

    @override
    def train(
        self,
        weights: bytes | None,
        rows: Sequence[Mapping[str, Any]],
        /,
        *,
        n_epochs: int,
        batch_size: int | None,
        learning_rate_multiplier: float,
        seed: int,
        validation: Sequence[Mapping[str, Any]] = (),
    ) -> TrainingResult:
        """Descend from `weights`, or from the untrained network.

        Raises:
            ValueError: nothing to learn, a loss that is no number any more, or weights of another engine.
        """
        from ._byte_network import Network
        from ._byte_training import Descent, descend

        how = Descent(
            n_epochs=n_epochs,
            batch=batch_size or _BATCH,
            rate=self._rate * learning_rate_multiplier,
            seed=seed,
        )
        return descend(Network.from_bytes(weights) if weights else Network(), rows, how, validation)

    @override
    def answer(
        self,
        weights: bytes | None,
        messages: Sequence[Mapping[str, Any]],
        /,
        *,
        model: str,
        temperature: float,
        seed: int | None,
    ) -> str:
        """The likeliest byte each time, or one drawn by chance when `temperature` is above 0."""
        return self.answers(weights, [messages], temperature=temperature, seed=seed)[0]

    def answers(
        self,
        weights: bytes | None,
        conversations: Sequence[Sequence[Mapping[str, Any]]],
        /,
        *,
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> list[str]:
        """Answers to many conversations at once, which is many times faster than one by one."""
        if not weights:
            return [UNTRAINED] * len(conversations)
        from ._byte_writing import network_of, write

        asked = [conversation(messages) for messages in conversations]
        return write(network_of(weights), asked, temperature=temperature, seed=seed)
