"""The arithmetic of the bytes engine: a small network that names the next byte, its gradient, and weights as bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["END", "INPUTS", "RECENT", "START", "Batch", "Ints", "Network", "Numbers"]

Numbers = NDArray[np.float32]
Ints = NDArray[np.intp]

END: Final = 255
START: Final = 254
"""What ends an answer and what stands before it; UTF-8 never uses either byte."""

INPUTS: Final = 1024
RECENT: Final = 8
_BYTES: Final = 256
_WIDTH: Final = 24
_UNITS: Final = 128
_WAVES: Final = 16
_SEEN: Final = RECENT * _WIDTH + 2 * _WAVES

_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "letters": (_BYTES, _WIDTH),
    "question": (INPUTS, _UNITS),
    "seen": (_SEEN, _UNITS),
    "seen_bias": (_UNITS,),
    "mix": (_UNITS, _UNITS),
    "mix_bias": (_UNITS,),
    "byte": (_UNITS, _BYTES),
    "byte_bias": (_BYTES,),
}
_SPREAD: Final = {
    "letters": 1.0,
    "question": 0.05,
    "seen": _SEEN**-0.5,
    "mix": _UNITS**-0.5,
    "byte": 0.5 * _UNITS**-0.5,
}
"""Standard deviation at the start; what is not named starts at zero. A question's part starts small: held-out
phrasings were answered better (.99 against .94 at 0.2) than when chance decides what a question means."""

_SIZE: Final = sum(math.prod(shape) for shape in _SHAPES.values())
_MAGIC: Final = b"bytes engine 1\n"
_LEAST_CHANCE: Final = 1e-30


@dataclass(frozen=True, slots=True)
class Batch:
    """Bytes to predict, one per line, and what each is predicted from.

    Attributes:
        questions: one vector of `INPUTS` numbers per answer.
        owner: for each byte, the number of its answer; the bytes of an answer stand together.
        recent: the `RECENT` bytes before it, nearest first.
        place: how many bytes of the answer stand before it.
        byte: what it is.
    """

    questions: Numbers = field(repr=False)
    owner: Ints = field(repr=False)
    recent: Ints = field(repr=False)
    place: Ints = field(repr=False)
    byte: Ints = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Thought:
    """What one look at a batch passes from layer to layer; kept for the way back."""

    gain: Numbers
    seen: Numbers
    plain: Numbers
    first: Numbers
    mixed: Numbers
    second: Numbers
    scores: Numbers


class Network:
    """One vector of numbers, and the layers as views into it.

    A hidden layer reads the last bytes and the place in the answer; the question scales and shifts each of its units;
    a second layer mixes them, and a last one scores the next byte.

    Args:
        values: all weights; when left out, those of the one untrained network that every base model is.
        longest: bytes of the longest answer trained so far.
    """

    def __init__(self, values: Numbers | None = None, *, longest: int = 0) -> None:
        self.values = _untrained() if values is None else values
        self.longest = longest
        self.layers = _layers(self.values)

    def like(self) -> Network:
        """A network of zeros, to hold a gradient."""
        return Network(np.zeros_like(self.values))

    def scores(self, batch: Batch) -> Numbers:
        """Scores of all 256 bytes, one line per byte of the batch; `batch.byte` is not looked at."""
        return self._think(batch).scores

    def chances(self, batch: Batch) -> Numbers:
        """The softmax of the scores."""
        return _softmax(self.scores(batch))

    def measure(self, batch: Batch) -> tuple[float, float]:
        """Mean cross-entropy and accuracy per byte."""
        return _judge(self.chances(batch), batch.byte)

    def learn(self, batch: Batch, gradient: Network) -> tuple[float, float]:
        """Write the gradient of the mean cross-entropy into `gradient`; the loss and accuracy it belongs to."""
        thought = self._think(batch)
        chances = _softmax(thought.scores)
        judged = _judge(chances, batch.byte)
        chances[np.arange(len(chances)), batch.byte] -= 1
        chances *= np.float32(1 / len(chances))
        self._return(batch, thought, chances, gradient.layers)
        return judged

    def _think(self, batch: Batch) -> _Thought:
        layers = self.layers
        turn = (batch.questions @ layers["question"])[batch.owner]
        letters = layers["letters"][batch.recent].reshape(len(batch.recent), -1)
        seen = np.concatenate([letters, _waves(batch.place)], axis=1)
        plain = seen @ layers["seen"] + layers["seen_bias"]
        gain = turn + np.float32(1)
        first = np.maximum(plain * gain + turn, 0)
        mixed = np.maximum(first @ layers["mix"] + layers["mix_bias"], 0)
        second = mixed + first
        scores = second @ layers["byte"] + layers["byte_bias"]
        return _Thought(gain, seen, plain, first, mixed, second, scores)

    def _return(self, batch: Batch, thought: _Thought, wrong: Numbers, out: dict[str, Numbers]) -> None:
        layers = self.layers
        np.matmul(thought.second.T, wrong, out=out["byte"])
        wrong.sum(axis=0, out=out["byte_bias"])
        second = wrong @ layers["byte"].T
        mixed = second * (thought.mixed > 0)
        np.matmul(thought.first.T, mixed, out=out["mix"])
        mixed.sum(axis=0, out=out["mix_bias"])
        first = (mixed @ layers["mix"].T + second) * (thought.first > 0)
        turn = np.add.reduceat(first * (thought.plain + np.float32(1)), _starts(batch.owner), axis=0)
        np.matmul(batch.questions.T, turn, out=out["question"])
        plain = first * thought.gain
        np.matmul(thought.seen.T, plain, out=out["seen"])
        plain.sum(axis=0, out=out["seen_bias"])
        letters = np.asarray(plain @ layers["seen"][: RECENT * _WIDTH].T, np.float32)
        _gather(batch.recent.ravel(), letters.reshape(-1, _WIDTH), out["letters"])

    def to_bytes(self) -> bytes:
        """The same weights as the same bytes: a header, then little-endian 32-bit numbers (about 0.9 MB)."""
        return _MAGIC + self.longest.to_bytes(4, "little") + self.values.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """What `to_bytes` wrote. Raises `ValueError` for anything else."""
        start = len(_MAGIC) + 4
        if not data.startswith(_MAGIC) or len(data) != start + 4 * _SIZE:
            raise ValueError("these are not weights of the bytes engine of this version")
        values = np.frombuffer(data, dtype="<f4", offset=start).astype(np.float32)
        return cls(values, longest=int.from_bytes(data[len(_MAGIC) : start], "little"))


def _layers(values: Numbers) -> dict[str, Numbers]:
    ends = np.cumsum([math.prod(shape) for shape in _SHAPES.values()])[:-1]
    parts = np.split(values, ends)
    return {name: part.reshape(shape) for part, (name, shape) in zip(parts, _SHAPES.items(), strict=True)}


def _untrained() -> Numbers:
    chance = np.random.default_rng(0)
    values = np.zeros(_SIZE, np.float32)
    for name, layer in _layers(values).items():
        if name in _SPREAD:
            layer[...] = chance.standard_normal(layer.shape, dtype=np.float32) * np.float32(_SPREAD[name])
    return values


_LENGTHS: Final = (1.5 * np.exp(-np.linspace(0, math.log(200), _WAVES))).astype(np.float32)


def _waves(place: Ints) -> Numbers:
    """A place as sines and cosines of 16 wave lengths, from 4 bytes to 800."""
    angle = place[:, None].astype(np.float32) * _LENGTHS
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def _softmax(scores: Numbers) -> Numbers:
    raised: Numbers = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def _judge(chances: Numbers, byte: Ints) -> tuple[float, float]:
    right = chances[np.arange(len(chances)), byte]
    loss = -np.log(np.maximum(right, _LEAST_CHANCE)).mean()
    return float(loss), float((chances.argmax(axis=1) == byte).mean())


def _starts(groups: Ints) -> Ints:
    """Where each run of equal numbers begins."""
    return np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))


def _gather(keys: Ints, lines: Numbers, out: Numbers) -> None:
    """Sum the lines of each key into its line of `out`; sorted sums are faster than scattered ones here."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = _starts(keys)
    out[...] = 0
    out[keys[starts]] = np.add.reduceat(lines[order], starts, axis=0)
