"""Charts as SVG made here: they need no script, print well, and say the same as the tables beside them. Pure.

Drawn 360 units wide, so that texts stay readable on a small phone; the style sheet colours them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from onboarder.web.desk.html import Html, Node, el

WIDTH = 360
_LEFT, _RIGHT = 42, 12
_TOP, _BOTTOM = 10, 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `label` and `said` stand beside it."""

    label: str
    value: int
    said: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through values, one per step from the left edge; `name` is its class in the style sheet."""

    name: str
    title: str
    values: Sequence[int]


def bars(title: str, items: Sequence[Bar]) -> Html:
    """Horizontal bars, the longest as wide as the chart."""
    most = max((one.value for one in items), default=0) or 1
    drawn: list[Node] = []
    for number, one in enumerate(items):
        top = number * 34
        width = round(one.value / most * (WIDTH - 2), 1)
        drawn += [
            el("text", one.label, x=1, y=top + 12, class_="label"),
            el("text", one.said, x=WIDTH - 1, y=top + 12, class_="value"),
            el("rect", x=1, y=top + 17, width=WIDTH - 2, height=9, class_="rail"),
            el("rect", x=1, y=top + 17, width=str(width), height=9, class_="bar"),
        ]
    return _chart(title, 34 * len(items), drawn)


def lines(
    title: str, shown: Sequence[Line], steps: int, ends: tuple[str, str], *, height: int = 200
) -> Html:
    """Lines over `steps` equal steps, from 0 up; `ends` are what the first and the last step are called."""
    most = _ceiling(max((value for one in shown for value in one.values), default=0))
    right, bottom = WIDTH - _RIGHT, height - _BOTTOM

    def x(step: int) -> float:
        return round(_LEFT + step / max(1, steps) * (right - _LEFT), 1)

    def y(value: float) -> float:
        return round(bottom - value / most * (bottom - _TOP), 1)

    drawn: list[Node] = []
    for part in (0, 0.25, 0.5, 0.75, 1):
        level = str(y(most * part))
        drawn += [
            el("line", x1=_LEFT, x2=right, y1=level, y2=level, class_="grid"),
            el(
                "text",
                f"{round(most * part)}",
                x=_LEFT - 5,
                y=str(y(most * part) + 4),
                class_="tick",
            ),
        ]
    for one in shown:
        path = " ".join(f"{x(step)},{y(value)}" for step, value in enumerate(one.values))
        drawn.append(el("polyline", el("title", one.title), points=path, class_=one.name))
    drawn += [
        el("text", ends[0], x=_LEFT, y=height - 6, class_="label"),
        el("text", ends[1], x=right, y=height - 6, class_="value"),
    ]
    return _chart(title, height, drawn)


def _chart(title: str, height: int, drawn: Sequence[Node]) -> Html:
    box = f"0 0 {WIDTH} {max(1, height)}"
    return el(
        "svg", el("title", title), drawn, viewBox=box, class_="chart", role="img", aria_label=title
    )


def _ceiling(value: int) -> int:
    """The next figure that four equal steps divide well."""
    step = 4
    while step < value:
        step *= 5 if str(step).startswith("4") and step * 5 < value * 2 else 2
    return step
