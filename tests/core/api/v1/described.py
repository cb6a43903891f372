"""Every operation of the API, read from its own description, with a request that fits it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import httpx

from onboarder.people.roles import Role

Schema = Mapping[str, object]


KNOWN: Mapping[str, object] = {
    "market": "KNM",
    "marketplace": "rehearsal",
    "marketplaces": ["rehearsal"],
}
"""Fields whose values must be names of this town."""


@dataclass(frozen=True, slots=True)
class Operation:
    """`roles`: who may; None where nobody needs to be signed in. `parameters`: names in the path."""

    method: str
    path: str
    roles: frozenset[Role] | None
    any_session: bool
    body: object
    """An example of the JSON it takes; None if it takes none."""
    raw: bool
    """Whether it takes bytes."""

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


async def operations(client: httpx.AsyncClient) -> list[Operation]:
    """All of them."""
    described = cast("Schema", (await client.get("/api/v1/openapi.json")).json())
    return list(_operations(described))


def _operations(described: Schema) -> Iterator[Operation]:
    schemas = _part(_part(described, "components"), "schemas")
    for path, methods in _part(described, "paths").items():
        for method, said in cast("Schema", methods).items():
            operation = cast("Schema", said)
            needed = cast("list[Mapping[str, list[str]]]", operation.get("security", []))
            scopes = [scope for one in needed for scope in one["session"]]
            contents = _part(_part(operation, "requestBody"), "content")
            sent = _part(_part(contents, "application/json"), "schema")
            yield Operation(
                method.upper(),
                path,
                frozenset(Role(one) for one in scopes) if needed else None,
                bool(needed) and not scopes,
                example(sent, schemas) if sent else None,
                bool(contents) and not sent,
            )


def example(schema: Schema, schemas: Schema) -> object:
    """A small value that fits: what the description gives as an example, else what its bounds allow."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return example(cast("Schema", schemas[name]), schemas)
    for word in ("example", "const", "default"):
        if word in schema:
            return schema[word]
    for word in ("examples", "enum"):
        if word in schema:
            return cast("list[object]", schema[word])[0]
    if "anyOf" in schema:
        return example(cast("list[Schema]", schema["anyOf"])[0], schemas)
    return _plain(schema, schemas)


def _plain(schema: Schema, schemas: Schema) -> object:
    match schema.get("type"):
        case "object":
            wanted = cast("list[str]", schema.get("required", []))
            fields = cast("Mapping[str, Schema]", schema.get("properties", {}))
            return {
                name: KNOWN[name] if name in KNOWN else example(fields[name], schemas)
                for name in wanted
            }
        case "array":
            items = cast("Schema", schema.get("items", {}))
            return [example(items, schemas)] * int(str(schema.get("minItems", 0)))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(schema)


def _text(schema: Schema) -> str:
    known = {"date": "2026-11-20", "date-time": "2026-11-20T02:00:00Z"}
    if schema.get("format") in known:
        return known[str(schema["format"])]
    if literal := re.fullmatch(r"\^(\w+)\$", str(schema.get("pattern", ""))):
        return literal[1]
    assert "pattern" not in schema, f"give {schema} an example"
    return "contoh-contoh"[: int(str(schema.get("maxLength", 13)))].ljust(
        int(str(schema.get("minLength", 0))), "x"
    )


def _part(whole: Schema, name: str) -> Schema:
    return cast("Schema", whole.get(name, {}))
