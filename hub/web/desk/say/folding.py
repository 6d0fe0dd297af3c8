"""Words and pictures that a template always shows are put into it when it is compiled: each language has an environment.

A page of the desk has some hundreds of them, a list some for each row: to look each up, mark it and fill it every time is a
good part of what a page takes.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

Known = Mapping[str, Callable[..., Markup]]


class Words(jinja2.Environment):
    """`known`: what can be said beforehand where it is called with nothing but constants, by the name in templates."""

    def __init__(self, known: Known, **options: Any) -> None:
        super().__init__(**options)
        self._known = known

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Folding(self._known).visit(tree)
        return tree


class _Folding(NodeTransformer):
    def __init__(self, known: Known) -> None:
        self._known = known

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        said = node.node
        if not isinstance(said, nodes.Name) or said.name not in self._known:
            return node
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return node
        values = [one.value for one in node.args if isinstance(one, nodes.Const)]
        if len(values) < len(node.args):
            return node
        return nodes.Const(self._known[said.name](*values), lineno=node.lineno)
