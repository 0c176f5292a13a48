"""ops/openapi.yaml as a yardstick: linted, and every answer that a test provokes is held against it.

    python3 tests/e2e/api.py      lints

The linter (tests/peers/openapi-lint.sh) and what Debian has (python3-yaml, python3-jsonschema) come with ops/packages. Without
them the tests fail and say so.
"""
import json
import pathlib
import re
import subprocess

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = yaml.safe_load((ROOT / "ops/openapi.yaml").read_text())


def lint():
    """Raises when the description is not OpenAPI 3.1, or an example does not fit its schema; the number of examples."""
    done = subprocess.run([ROOT / "tests/peers/openapi-lint.sh", ROOT / "ops/openapi.yaml"], capture_output=True, text=True)
    assert done.stdout, f"the interface cannot be checked: {done.stderr.strip()}"
    said = json.loads(done.stdout)
    assert said.get("valid") is True, json.dumps(said.get("errors"), indent=1)[:3000]
    ids, examples = set(), 0
    for path, item in DOC["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            assert operation["operationId"] not in ids, f"{operation['operationId']} comes twice"
            ids.add(operation["operationId"])
            assert operation.get("summary") and operation.get("tags"), f"{method} {path}: no summary or tag"
            for place in [operation.get("requestBody", {}), *map(resolve, operation["responses"].values())]:
                for media in place.get("content", {}).values():
                    for name, example in media.get("examples", {}).items():
                        fits(example["value"], media["schema"], f"example {name} of {method} {path}")
                        examples += 1
    return examples


def resolve(node):
    """What a reference within the document stands for."""
    while "$ref" in node:
        target = DOC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def fits(value, schema, what):
    """Raises when value is not what the schema says."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOC["components"], **schema}
    faults = sorted(jsonschema.Draft202012Validator(whole).iter_errors(value), key=str)
    assert not faults, f"{what}: {faults[0].message} at /{'/'.join(map(str, faults[0].absolute_path))}"


def operation_of(method, path):
    path = path.split("?")[0]
    for template, item in DOC["paths"].items():
        pattern = re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return item.get(method.lower())
    return None


seen = set()  # (operation, status) that were held against the description


def check(method, path, status, headers, body):
    """Raises when the answer is not one that the description promises. headers: names as they came."""
    headers = {name.lower(): value for name, value in headers.items()}
    operation = operation_of(method, path)
    if operation is None:
        promised = {"404": {"$ref": "#/components/responses/NotFound"}, "501": {"$ref": "#/components/responses/BadRequest"},
                    "405": {"$ref": "#/components/responses/Method"}, "400": {"$ref": "#/components/responses/BadRequest"}}
        name = "nothing"
    else:
        promised, name = operation["responses"], operation["operationId"]
    assert str(status) in promised, f"{method} {path}: {status} is not promised"
    answer = resolve(promised[str(status)])
    for header, rule in answer.get("headers", {}).items():
        assert not rule.get("required") or header.lower() in headers, f"{method} {path}: {status} without {header}"
        if header.lower() in headers:
            fits(headers[header.lower()], rule["schema"], f"{method} {path}: {status} {header}")
    kind = headers.get("content-type", "").split(";")[0]
    assert kind in answer.get("content", {}), f"{method} {path}: {status} as {kind!r}"
    assert int(headers["content-length"]) == len(body), f"{method} {path}: {status}: Content-Length"
    if kind.endswith("json"):
        fits(json.loads(body), answer["content"][kind]["schema"], f"{method} {path}: {status}")
    seen.add((name, status))


if __name__ == "__main__":
    print(f"{len(DOC['paths'])} places, {lint()} examples: no fault")
