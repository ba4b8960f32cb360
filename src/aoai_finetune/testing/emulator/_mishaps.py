"""What each kind of fault does to one HTTP exchange. Pure: a fault in, a course of events out."""

from __future__ import annotations

from dataclasses import dataclass

from ...backends.mock import Fault, FaultKind, fault_reply
from ._answer import Answer, refusal
from ._ask import Surface
from ._delivery import Delivery

__all__ = ["Course", "answer_instead", "mishap"]

_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Proxy sign-in required</body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one exchange goes.

    Attributes:
        acts: the service does what it was asked for.
        late: it does so later, and nobody hears of it.
        fails: the job it made fails.
        delivery: how the answer is sent.
    """

    acts: bool = False
    late: bool = False
    fails: bool = False
    delivery: Delivery = Delivery.WHOLE


_BROKEN = {
    FaultKind.REFUSED: Delivery.RESET,
    FaultKind.LOST_REQUEST: Delivery.RESET,
    FaultKind.LOST_REPLY: Delivery.RESET,
    FaultKind.TIME_OUT: Delivery.HELD,
    FaultKind.ACTED_LATE: Delivery.HELD,
    FaultKind.TRUNCATED: Delivery.TRUNCATED,
    FaultKind.STALLED: Delivery.STALLED,
    FaultKind.SLOW: Delivery.SLOW,
}


def mishap(fault: Fault) -> Course:
    """The course of an exchange that meets a fault."""
    kind = FaultKind(fault.kind)
    return Course(
        acts=fault.acts,
        late=kind is FaultKind.ACTED_LATE,
        fails=kind is FaultKind.JOB_FAILS,
        delivery=_BROKEN.get(kind, Delivery.WHOLE),
    )


def answer_instead(fault: Fault, surface: Surface, answer: Answer) -> Answer:
    """What is sent for the true answer (an empty one where the service did not act)."""
    match fault.kind:
        case FaultKind.HTTP:
            return refusal(fault_reply(fault), surface)
        case FaultKind.REDIRECT:
            return Answer(status=fault.status, headers={"location": fault.location})
        case FaultKind.INVALID_JSON:
            return _cut(answer)
        case FaultKind.WRONG_TYPE:
            return Answer(body=_PAGE, media_type="text/html; charset=utf-8")
        case _:
            return answer


def _cut(answer: Answer) -> Answer:
    """JSON that stops in the middle, in a reply that says it is complete."""
    text = answer.body or b'{"object": "list", "data": ['
    return Answer(status=answer.status, body=text[:-1] or b"{", headers=answer.headers)
