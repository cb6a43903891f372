"""HTML made in code: elements by name, and every text escaped unless it is HTML already."""

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Html(str):
    """Text that is HTML already and goes out as it is."""

    __slots__ = ()


Node: TypeAlias = "str | int | Iterable[Node] | None"
"""What may stand inside an element; None is nothing."""
_VOID = {"br", "col", "hr", "img", "input", "link", "meta"}


def el(_name: str, *inside: Node, **attributes: str | int | bool | None) -> Html:
    """`el("a", "text", href="/")`; `class_`, `for_` and `data_x` stand for class, for and data-x.

    An attribute that is True stands without a value; one that is None or False is left out.
    """
    opened = f"<{_name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Html(opened if _name in _VOID else f"{opened}{joined(inside)}</{_name}>")


def joined(inside: Node) -> Html:
    """The nodes behind each other."""
    match inside:
        case None:
            return Html("")
        case Html():
            return inside
        case str() | int():
            return Html(escape(str(inside)))
        case _:
            return Html("".join(joined(one) for one in inside))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
