"""The code that an output depends on: a function and everything in this package that it can reach, read from source.

Nothing is imported. Starting at the function, every name in its body is followed to its definition, in the same module
or in another one of `tasks`, and so on. A definition that is not reached does not count, so adding a constant or a
function beside the others changes nothing. The code that a module executes on import (registering a gradient, for
example) counts as soon as anything in the module is reached. Docstrings, comments, layout, annotations of functions and
the wording of errors do not count.

Names that are looked up as strings are not followed; the functions in `tasks` that compute outputs look up none.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from tasks.store.exempt import EXEMPT
from tasks.store.fingerprint import hash_json
from tasks.store.layout import CHECKOUT

PACKAGE: Final = "tasks"
ROOT: Final = CHECKOUT
# Python 3.11 counts the depth of trees for all threads together, and two that parse at once fail now and then:
# https://github.com/python/cpython/issues/106905
PARSING: Final = Lock()
# Decorators with no effect beyond the function or class that they decorate.
INERT_DECORATORS: Final = {"cache", "lru_cache", "contextmanager", "dataclass", "final", "runtime_checkable"}


class Reference(NamedTuple):
    """A name in the code, and the attribute that is taken from it, if any: `pc.add` is ("pc", "add")."""

    name: str
    attribute: str | None


class Target(NamedTuple):
    """What an imported name stands for: a module, or a symbol of a module."""

    module: str
    symbol: str | None


@dataclass(frozen=True)
class Source:
    """A parsed module: its definitions by name, the statements with effects on import, and its imported names."""

    definitions: dict[str, list[ast.stmt]]
    effects: list[ast.stmt]
    imports: dict[str, Target]


class Definition(NamedTuple):
    """The code of a definition, and the names that it refers to."""

    code: str
    references: tuple[Reference, ...]


@dataclass
class Closure:
    """What is reached: the code of each module by name, and the names of the libraries that it uses."""

    code: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    libraries: set[str] = field(default_factory=set)

    def hash_modules(self) -> dict[str, str]:
        """Hash the code that is reached in each module, to 16 hexadecimal digits."""
        return {module: hash_json(found)[:16] for module, found in sorted(self.code.items())}


def describe_code(*functions: str, without: Sequence[str] = ()) -> dict[str, str]:
    """Hash the code that functions can reach, by module: {"tasks.encode.padding": "0f3a...", ...}.

    Functions are named "package.module:name". Modules that match a pattern in `without` or in EXEMPT are left out.
    """
    return find_closure(*functions, without=tuple(without)).hash_modules()


@cache
def find_closure(*functions: str, without: tuple[str, ...] = ()) -> Closure:
    """Follow the functions, each "package.module:name", to everything that they can reach."""
    closure = Closure()
    pending = [Target(*function.split(":")) for function in functions]
    roots = {target.module for target in pending}
    seen: set[Target] = set()
    while pending:
        target = pending.pop()
        if target in seen:
            continue
        seen.add(target)
        if target.module in roots or not any(fnmatch(target.module, pattern) for pattern in (*EXEMPT, *without)):
            pending += follow(target, closure)
    return closure


def follow(target: Target, closure: Closure) -> Iterator[Target]:
    """Add the code of a target to the closure, and yield the targets that it refers to."""
    source = read_source(target.module)
    if target.symbol is None:
        yield from (Target(target.module, name) for name in source.definitions)
    elif target.symbol not in source.definitions:
        yield from resolve(Reference(target.symbol, None), target.module, closure)
        return
    for name in ("", target.symbol) if target.symbol else ():
        definition = read_definition(target.module, name)
        if definition.code and name not in closure.code[target.module]:
            closure.code[target.module][name] = definition.code
            for reference in definition.references:
                yield from resolve(reference, target.module, closure)


def resolve(reference: Reference, module: str, closure: Closure) -> Iterator[Target]:
    """Yield the target of a name in a module if it is part of this package; record the library otherwise."""
    source = read_source(module)
    found = source.imports.get(reference.name)
    if reference.name in source.definitions:
        yield Target(module, reference.name)
    elif found and found.module.partition(".")[0] != PACKAGE:
        closure.libraries.add(found.module.partition(".")[0])
        closure.code[module][f"import {reference.name}"] = str(found)
    elif found and found.symbol and is_module(f"{found.module}.{found.symbol}"):
        yield Target(f"{found.module}.{found.symbol}", reference.attribute)
    elif found:
        yield found


def list_references(statements: Sequence[ast.stmt]) -> Iterator[Reference]:
    """List the names that statements refer to."""
    for statement in statements:
        taken = set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                taken.add(id(node.value))
                yield Reference(node.value.id, node.attr)
            elif isinstance(node, ast.Name) and id(node) not in taken:
                yield Reference(node.id, None)


@cache
def read_source(module: str) -> Source:
    """Parse a module of this package."""
    with PARSING:
        tree = ast.parse(find_file(module).read_text(encoding="utf-8"))
    imports = {name: target for node in ast.walk(tree) for name, target in list_imports(node)}
    used = {reference.name for reference in list_references(tree.body)}
    source = Source({}, [], imports)
    for statement in Normaliser().visit(tree).body:
        names = list_names(statement)
        for name in names:
            source.definitions.setdefault(name, []).append(statement)
        is_used_import = any(name in used for name, _ in list_imports(statement))
        if not is_used_import and (not names or has_effect(statement)):
            source.effects.append(statement)
    return source


@cache
def read_definition(module: str, name: str) -> Definition:
    """Describe what a module defines under a name, or its effects if that is ""; once for all closures."""
    source = read_source(module)
    statements = source.definitions.get(name, []) if name else source.effects
    return Definition("\n".join(map(ast.dump, statements)), tuple(dict.fromkeys(list_references(statements))))


def list_imports(node: ast.AST) -> Iterator[tuple[str, Target]]:
    """List the names that an import binds, with their targets."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], Target(alias.name, None)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield alias.asname or alias.name, Target(node.module, alias.name)


def list_names(statement: ast.stmt) -> list[str]:
    """List the names that a statement at the top of a module defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            return [name.id for name in names if isinstance(name.ctx, ast.Store)]
    return []


def has_effect(statement: ast.stmt) -> bool:
    """Tell whether a definition has a side effect, such as registering it with a library."""
    decorators = getattr(statement, "decorator_list", [])
    return any(name_decorator(decorator) not in INERT_DECORATORS for decorator in decorators)


def name_decorator(node: ast.expr) -> str:
    """Return the last part of a decorator's name: `functools.cache` and `cache` are both "cache"."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


class Normaliser(ast.NodeTransformer):
    """Removes the parts of code that do not change what it computes."""

    def visit_body(self, node: ast.AST) -> ast.AST:
        """Drop the docstring."""
        body = getattr(node, "body", [])
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            del body[0]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_body  # noqa: N815  the names are those of ast

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Drop docstring and annotations."""
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        return self.visit_body(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Drop the wording of an error."""
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return node


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a module or package of this checkout."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def find_file(module: str) -> Path:
    """Return the source file of a module or package."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
