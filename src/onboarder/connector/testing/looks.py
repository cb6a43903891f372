"""Looks at a connector's folder: what can be seen without running it. Each yields what it finds wrong."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping

from onboarder.connector.testing.folder import ConnectorFolder, functions, imports, table

MODULES = ("connector.py", "auth.py", "wire.py", "mapping.py", "errors.py", "manifest.py")
LONGEST_MODULE, LONGEST_FUNCTION = 300, 45
ROOMS = {"connector", "model", "problems"}
"""What a connector may know of the core."""
FOREIGN_DOORS = {"aiohttp", "requests", "urllib3", "socket", "http", "urllib.request", "tenacity"}
"""Ways to the network, or retries, past the core's one door."""

Look = Callable[[ConnectorFolder], Iterator[str]]


def modules(folder: ConnectorFolder) -> Iterator[str]:
    """The same file names as in every connector."""
    for name in (*MODULES, "__init__.py", "py.typed"):
        if not (folder.package / name).is_file():
            yield f"{name} is missing"


def distribution(folder: ConnectorFolder) -> Iterator[str]:
    """A distribution and an entry point named after the folder."""
    project = table(folder.pyproject, "project")
    if project.get("name") != f"onboarder-{folder.name}":
        yield f"the distribution is named {project.get('name')}"
    points = table(project, "entry-points", "onboarder.connectors")
    if list(points) != [folder.name]:
        yield f"entry points: {list(points)}"


def listed(folder: ConnectorFolder) -> Iterator[str]:
    """Listed in the two places at the root, with the root's version."""
    root = tomllib.loads((folder.root / "pyproject.toml").read_text(encoding="utf-8"))
    extras = table(root, "project", "optional-dependencies")
    sources = table(root, "tool", "uv", "sources")
    if folder.name not in extras or folder.name not in str(extras.get("all")):
        yield "not among the root's extras"
    if f"onboarder-{folder.name}" not in sources:
        yield "not among the root's uv sources"
    if table(root, "project")["version"] != table(folder.pyproject, "project")["version"]:
        yield "another version than the root's"


def contract_test(folder: ConnectorFolder) -> Iterator[str]:
    """A test module that inherits the kit, and test files named after the connector."""
    texts = [path.read_text(encoding="utf-8") for path in folder.tests()]
    for base in ("ConnectorContract", "ConnectorQuality"):
        if not any(re.search(rf"class \w+\({base}\)", text) for text in texts):
            yield f"no test class inherits {base}"
    for path in folder.tests():
        if not path.name.startswith(f"test_{folder.name}_"):
            yield f"{path.name} is not named test_{folder.name}_…"


def own_tests(folder: ConnectorFolder) -> Iterator[str]:
    """Tests of its own beside the kit's, for what only this marketplace has."""
    if len(folder.tests()) < 2:
        yield "no test file beside the contract's"


def typed(folder: ConnectorFolder) -> Iterator[str]:
    """Everything annotated; Any only in wire.py; no checker silenced without a reason."""
    for path, tree in folder.trees.items():
        if path.name != "wire.py" and "typing.Any" in imports(tree):
            yield f"{path.name} uses Any"
        for function in functions(tree):
            if function.returns is None:
                yield f"{path.name}:{function.lineno} {function.name} has no return type"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(r"#\s*(type: ignore|noqa|pyright: ignore)[^#]*$", line):
                yield f"{path.name}:{number} silences a checker without a reason"


def one_door(folder: ConnectorFolder) -> Iterator[str]:
    """No way to the network and no retries but the core's door; httpx only to sign."""
    for path, tree in folder.trees.items():
        for name in imports(tree):
            if name in FOREIGN_DOORS or name.partition(".")[0] in FOREIGN_DOORS:
                yield f"{path.name} imports {name}"
            if name == "httpx" and path.name != "auth.py":
                yield f"{path.name} imports httpx"


def only_the_contract(folder: ConnectorFolder) -> Iterator[str]:
    """Of the core only the contract and the model; of other connectors nothing."""
    for path, tree in folder.trees.items():
        for name in imports(tree):
            top, _, rest = name.partition(".")
            if top == "onboarder" and rest.partition(".")[0] not in ROOMS | {""}:
                yield f"{path.name} imports {name}"
            if top.startswith("onboarder_") and top != f"onboarder_{folder.name}":
                yield f"{path.name} imports {name}"


def no_hidden_clock(folder: ConnectorFolder) -> Iterator[str]:
    """Time, waiting and chance come from outside."""
    forbidden = r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.\w+|(asyncio|anyio)\.sleep"
    for path, tree in folder.trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and re.fullmatch(forbidden, ast.unparse(node.func)):
                yield f"{path.name}:{node.lineno} calls {ast.unparse(node.func)}"
        if imports(tree) & {"random", "secrets"}:
            yield f"{path.name} draws chance"


def small(folder: ConnectorFolder) -> Iterator[str]:
    """Modules and functions that fit on a few screens."""
    for path, tree in folder.trees.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MODULE:
            yield f"{path.name} has {lines} lines"
        for function in functions(tree):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{path.name}: {function.name} has {length} lines"


def no_global_state(folder: ConnectorFolder) -> Iterator[str]:
    """Nothing at module level that changes: no `global`, no empty collection waiting to be filled."""
    for path, tree in folder.trees.items():
        if any(isinstance(node, ast.Global) for node in ast.walk(tree)):
            yield f"{path.name} says global"
        for node in tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if value is not None and ast.unparse(value) in {
                "{}",
                "[]",
                "set()",
                "dict()",
                "list()",
            }:
                yield f"{path.name}:{node.lineno} holds an empty collection"


def strict_settings(folder: ConnectorFolder) -> Iterator[str]:
    """Settings are read strictly: an unknown one is an error and not a silence."""
    texts = [path.read_text(encoding="utf-8") for path in folder.trees]
    if not any('extra="forbid"' in text for text in texts):
        yield "no settings model forbids unknown settings"


def wire_fixtures(folder: ConnectorFolder) -> Iterator[str]:
    """Recorded or published answers, and where they come from."""
    fixtures = sorted((folder.path / "tests" / "wire").glob("*.json"))
    if len(fixtures) < 5:
        yield f"{len(fixtures)} fixtures in tests/wire"
    if folder.section("source") is None:
        yield "the README has no section on sources"


def clean_fixtures(folder: ConnectorFolder) -> Iterator[str]:
    """No real phone number, mail address or signed token in a fixture."""
    for path in sorted((folder.path / "tests").rglob("*.json")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"[\w.+-]+@([\w-]+\.)+([a-z]{2,})", text):
            if match[2] not in {"test", "example", "invalid"}:
                yield f"{path.name} holds the address of somebody: …@{match[1]}{match[2]}"
        if re.search(r"\+62(?!8(11000|12000|12555|1200000|1234567))\d{8,}", text):
            yield f"{path.name} holds somebody's phone number"


def configured(folder: ConnectorFolder) -> Iterator[str]:
    """A ready example of its settings, and categories mapped to ours."""
    for kind in ("marketplaces", "categories"):
        if not (folder.root / "config" / kind / f"{folder.name}.toml").is_file():
            yield f"config/{kind}/{folder.name}.toml is missing"


def says_what_it_can(folder: ConnectorFolder) -> Iterator[str]:
    """README: what it can do, and what only a person can."""
    yield from _lacking(folder, "can do", "capabilities")


def says_limits(folder: ConnectorFolder) -> Iterator[str]:
    """README or manifest: the limits with their source and date."""
    manifest = (folder.package / "manifest.py").read_text(encoding="utf-8")
    text = f"{manifest}\n{folder.readme}".lower()
    if "limits" not in text:
        yield "nothing is said of limits"
    if not re.search(r"20\d\d-\d\d(-\d\d)?|server enforces|enforces them", text):
        yield "the limits carry neither date nor source"


def says_settings(folder: ConnectorFolder) -> Iterator[str]:
    """README: every setting."""
    yield from _lacking(folder, "setting", "can do", "configure")


def says_what_it_cannot(folder: ConnectorFolder) -> Iterator[str]:
    """README: what is known not to work."""
    yield from _lacking(folder, "known limitation", "cannot", "does not", "not do")


def says_what_to_do(folder: ConnectorFolder) -> Iterator[str]:
    """README: what to do when it does not work."""
    yield from _lacking(folder, "when it does not work", "trouble", "goes wrong")


def says_how_to_leave(folder: ConnectorFolder) -> Iterator[str]:
    """README: how to stop using it, and what stays at the marketplace."""
    yield from _lacking(folder, "leav", "remov", "stop using")


def says_sources(folder: ConnectorFolder) -> Iterator[str]:
    """README: where its facts come from, and when they were read or measured."""
    text = folder.section("source") or ""
    if not re.search(r"20\d\d-\d\d", text):
        yield "no section on sources with a date"


def _lacking(folder: ConnectorFolder, *titles: str) -> Iterator[str]:
    text = folder.section(*titles)
    if text is None or len(text) < 40:
        yield f"the README has no section on: {' / '.join(titles)}"


LOOKS: Mapping[str, Look] = {
    look.__name__.replace("_", "-"): look
    for look in (
        modules,
        distribution,
        listed,
        contract_test,
        own_tests,
        typed,
        one_door,
        only_the_contract,
        no_hidden_clock,
        small,
        no_global_state,
        strict_settings,
        wire_fixtures,
        clean_fixtures,
        configured,
        says_what_it_can,
        says_limits,
        says_settings,
        says_what_it_cannot,
        says_what_to_do,
        says_how_to_leave,
        says_sources,
    )
}
"""By the name that rules use."""
