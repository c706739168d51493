"""Tables of `docs/http-api.md`: form, response and statuses of `/api/judge`, and all addresses of the site."""

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from leaderboard_web.app import ROUTERS
from leaderboard_web.routes import images
from leaderboard_web.routes.judge_api import ERROR_RESPONSES, FORM_SCHEMA, JudgeResponse
from leaderboard_web.routes.live_board import LIVE_PATH, LiveBoard

Schema = dict[str, Any]

MAX_LISTED_VALUES = 6
"""Values of a parameter that are named in its row."""


def api_tables() -> dict[str, list[str]]:
    """Lines of each table by its marker in the page."""
    pages, forms, files = ([row for kind, row in _addresses() if kind == wanted] for wanted in ("page", "form", "file"))
    return {
        "judge form": ["| field | value |", "|---|---|", *_form_rows()],
        "judge fields": ["| field | type | value |", "|---|---|---|", *_field_rows(JudgeResponse.model_json_schema())],
        "judge statuses": [
            "| status | reason |",
            "|---|---|",
            *(
                f"| {status} | {response['description'].removesuffix('.')} |"
                for status, response in ERROR_RESPONSES.items()
            ),
        ],
        "pages": [
            "| address | parameters | page |",
            "|---|---|---|",
            *pages,
        ],
        "forms": ["| address | what it does |", "|---|---|", *forms],
        "files": ["| address | file |", "|---|---|", *files],
    }


def _form_rows() -> Iterator[str]:
    for name, schema in FORM_SCHEMA["properties"].items():  # type: ignore[attr-defined]
        needed = "needed" if name in FORM_SCHEMA["required"] else "optional"
        yield f"| `{name}` | {schema['description']}; {needed} |"


def _field_rows(root: Schema) -> Iterator[str]:
    """Rows of all fields of a JSON schema, those of objects inside it with their path."""

    def resolve(schema: Schema) -> tuple[Schema, bool]:
        """A schema without references, and whether it may be null."""
        variants = [variant for variant in schema.get("anyOf", [schema]) if variant.get("type") != "null"]
        (variant,) = variants
        name = variant.get("$ref", "").rpartition("/")[2]
        return (root["$defs"][name] if name else variant), "anyOf" in schema

    def rows(schema: Schema, prefix: str) -> Iterator[str]:
        for name, field in schema["properties"].items():
            value, may_be_null = resolve(field)
            path, kind = f"{prefix}{name}", value["type"]
            if kind == "array":
                value, _ = resolve(value["items"])
                path, kind = f"{path}[]", f"array of {value['type']}s"
            description = field["description"]
            if "enum" in value:
                description += f": {', '.join(f'`{choice}`' for choice in value['enum'])}"
            yield f"| `{path}` | {kind}{' or null' if may_be_null else ''} | {description} |"
            if value["type"] == "object":
                yield from rows(value, f"{path}.")

    return rows(root, "")


def _addresses() -> Iterator[tuple[str, str]]:
    """The kind of each address, and its row: `page` and `file` are read, `form` is posted."""
    for route in (route for router in ROUTERS for route in router.routes):
        if not isinstance(route, APIRoute) or route.include_in_schema:
            continue
        path = re.sub(r":\w+\}", "}", route.path)
        summary = _summary(route.endpoint)
        if route.methods == {"POST"}:
            yield "form", f"| `POST {path}` | {summary} |"
        elif "." in path or route.endpoint.__module__ == images.__name__:
            yield "file", f"| `{path}` | {summary} |"
        else:
            parameters = ", ".join(_query_parameters(route.dependant))
            yield "page", f"| `{path}` | {parameters} | {summary} |"
    yield "file", f"| `{LIVE_PATH}` | {_summary(LiveBoard)} |"


def _query_parameters(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        yield _query_parameter(parameter.alias, parameter.field_info.annotation)
    for dependency in dependant.dependencies:
        yield from _query_parameters(dependency)
        query = inspect.signature(dependency.call).return_annotation if dependency.call else None
        if isinstance(query, type) and issubclass(query, BaseModel):
            for name, field in query.model_fields.items():
                yield _query_parameter(field.alias or name, field.annotation)


def _query_parameter(name: str, annotation: object) -> str:
    values = list(_enum_values(annotation))
    return f"`{name}`" + (f" ({', '.join(values)})" if 0 < len(values) <= MAX_LISTED_VALUES else "")


def _enum_values(annotation: object) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (f"`{member.value}`" for member in annotation)
    for argument in get_args(annotation):
        yield from _enum_values(argument)


def _summary(documented: object) -> str:
    """The first paragraph of a docstring, without its period."""
    paragraph = (inspect.getdoc(documented) or "").partition("\n\n")[0]
    return " ".join(paragraph.split()).removesuffix(".").replace("|", "\\|")
