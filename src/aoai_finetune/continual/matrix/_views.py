"""An accuracy matrix as text, as HTML and as a heat map."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...display import Html, Section, element, facts, html_table, join, prose, table
from ...errors import NotSupported

if TYPE_CHECKING:
    from ._matrix import AccuracyMatrix

__all__ = ["draw_heatmap", "matrix_section", "matrix_text"]


def matrix_text(matrix: AccuracyMatrix) -> str:
    """The matrix as a table, and its numbers below."""
    lines = [[stage, *map(_cell, row)] for stage, row in zip(matrix.stages, matrix.rows, strict=True)]
    grid = table(["after", *matrix.stages], lines, align="l" + ">" * len(matrix.stages))
    width = max(len(name) for name, _ in _numbers(matrix))
    numbers = "\n".join(f"{name:<{width}}  {value}" for name, value in _numbers(matrix))
    return "\n\n".join(part for part in (grid, numbers, _engine(matrix)) if part)


def matrix_section(matrix: AccuracyMatrix, title: str) -> Section:
    """The matrix as a table with shaded cells, and its numbers."""
    lines = [[stage, *map(_shaded, row)] for stage, row in zip(matrix.stages, matrix.rows, strict=True)]
    grid = html_table(
        ["after", *matrix.stages],
        lines,
        caption="Accuracy on what each stage taught, after each stage",
        align="l" + ">" * len(matrix.stages),
    )
    note = prose(_engine(matrix)) if _engine(matrix) else Html()
    return Section(title, join(grid, facts(_numbers(matrix)), note))


def draw_heatmap(matrix: AccuracyMatrix, axes: Any) -> Any:  # noqa: ANN401 - matplotlib is no dependency of the core
    """Cells coloured from 0 to 1 with their per cent written in, on the given axes or new ones."""
    drawn = _new_axes(len(matrix.stages)) if axes is None else axes
    places = range(len(matrix.stages))
    cells = [[float("nan") if cell is None else cell for cell in row] for row in matrix.rows]
    drawn.imshow(cells, vmin=0.0, vmax=1.0, cmap="viridis")
    for after, row in enumerate(matrix.rows):
        for stage, cell in enumerate(row):
            if cell is not None:
                colour = "black" if cell > 0.6 else "white"
                drawn.text(stage, after, f"{cell * 100:.0f}", ha="center", va="center", color=colour)
    tilted = {"rotation": 45, "ha": "right"} if max(map(len, matrix.stages)) > 4 else {}
    drawn.set_xticks(list(places), labels=list(matrix.stages), **tilted)
    drawn.set_yticks(list(places), labels=list(matrix.stages))
    drawn.set_xlabel("accuracy on the stage (%)")
    drawn.set_ylabel("after the stage")
    drawn.set_title(
        " · ".join(part for part in (f"ACC {_percent(matrix.accuracy)}", _learner(matrix)) if part)
    )
    return drawn


def _new_axes(stages: int) -> Any:  # noqa: ANN401
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise NotSupported(
            "a heat map needs matplotlib, which is not installed",
            hint="Install the extra `notebook`: pip install -e '.[notebook]' in a checkout",
        ) from None
    size = 2 + 0.6 * stages
    return pyplot.subplots(figsize=(size, size), layout="constrained")[1]


def _numbers(matrix: AccuracyMatrix) -> Iterator[tuple[str, str]]:
    yield "ACC", _percent(matrix.accuracy)
    yield "average ACC", _percent(matrix.average_accuracy)
    yield "learning accuracy", _percent(matrix.learning_accuracy)
    yield "backward transfer", _points(matrix.backward_transfer)
    yield "forward transfer", _points(matrix.forward_transfer)
    yield "forgetting", _points(matrix.forgetting)
    if matrix.tokens is not None:
        yield "tokens billed", f"{matrix.tokens:,}"
    if matrix.joint is not None:
        yield "ACC, of joint", _percent(matrix.accuracy_ratio)
        yield "average ACC, of joint", _percent(matrix.average_accuracy_ratio)
        yield "tokens, of joint", _percent(matrix.token_ratio)


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value * 100:.1f} %"


def _cell(value: float | None) -> str:
    return "·" if value is None else _percent(value)


def _points(value: float | None) -> str:
    return "not measured" if value is None else f"{value * 100:+z.1f} points"


def _shaded(cell: float | None) -> Html:
    if cell is None:
        return element("span", "·", class_="ft-quiet", title="not measured", aria_label="not measured")
    style = f"background:rgba(46,125,50,{cell * 0.45:.2f});padding:.1em .3em"
    return element("span", _percent(cell), style=style)


def _learner(matrix: AccuracyMatrix) -> str:
    return f"offline {matrix.engine} learner" if matrix.engine else ""


def _engine(matrix: AccuracyMatrix) -> str:
    return f"Answers come from the {_learner(matrix)}, not from GPT." if matrix.engine else ""
