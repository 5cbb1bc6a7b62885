"""The scripts of the collection: JavaScript that Postman and newman run around each request."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.postman.journey import Step

MOST_QUESTIONS = 120
ASK_AGAIN_MILLISECONDS = 500

# An environment, where one is used, hides variables of the collection.
KEEP = (
    "const keep = (name, value) => {",
    "  const inEnvironment = pm.environment.name || pm.environment.has(name);",
    "  (inEnvironment ? pm.environment : pm.collectionVariables).set(name, value);",
    "};",
)

OF_COLLECTION = (
    *KEEP,
    "if (!pm.variables.get('run')) {",
    "  keep('run', Date.now().toString(36));",
    "  keep('reference', `POSTMAN-${pm.variables.get('run')}`);",
    "}",
    "const isLogin = pm.request.url.getPath().includes('/auth/log');",
    "if (!isLogin && !pm.variables.get('jwt_token') && pm.variables.get('email')) {",
    "  pm.sendRequest({",
    "    url: pm.variables.replaceIn('{{base_url}}/api/auth/login'),",
    "    method: 'POST',",
    "    header: {'Content-Type': 'application/json'},",
    "    body: {mode: 'raw', raw: pm.variables.replaceIn(",
    '      \'{"email": "{{email}}", "password": "{{password}}"}\')},',
    "  }, (error, response) => {",
    "    if (!error && response.code === 200) keep('jwt_token', response.json().data.access_token);",
    "  });",
    "}",
)


def before(step: Step) -> list[str]:
    """What runs before a request."""
    lines: list[str] = []
    if step.needs is not None:
        lines += [f"if (!pm.variables.get('{step.needs}')) pm.execution.skipRequest();"]
    if any("keep(" in line for line in step.before):
        lines += KEEP
    return [*lines, *step.before]


def after(step: Step, answers: Mapping[int, Mapping[str, Any] | None]) -> list[str]:
    """What runs after it: `answers` are the schemas of the statuses that are as they should be."""
    return [*_asking_again(step), *_checks(answers), *_keeping(step)]


def _checks(answers: Mapping[int, Mapping[str, Any] | None]) -> Iterator[str]:
    statuses = sorted(answers)
    yield f"pm.test('the status is {' or '.join(map(str, statuses))}', () => {{"
    yield f"  pm.expect(pm.response.code, pm.response.text()).to.be.oneOf({statuses});"
    yield "});"
    for status, schema in sorted(answers.items()):
        if schema is not None:
            yield f"if (pm.response.code === {status}) pm.test('the answer has its shape', () => {{"
            yield f"  pm.response.to.have.jsonSchema({json.dumps(schema)}, {{unknownFormats: 'ignore'}});"
            yield "});"


def _asking_again(step: Step) -> Iterator[str]:
    if step.until is None:
        return
    yield from KEEP
    yield "const body = pm.response.json();"
    yield "const asked = Number(pm.variables.get('asked') || 0);"
    yield f"if (!({step.until}) && asked < {MOST_QUESTIONS}) {{"
    yield "  keep('asked', asked + 1);"
    yield "  pm.execution.setNextRequest(pm.info.requestId);"
    yield f"  setTimeout(() => {{}}, {ASK_AGAIN_MILLISECONDS});"
    yield "  return;"
    yield "}"
    yield "keep('asked', 0);"
    yield f"pm.test('it came to its end', () => pm.expect({step.until}).to.be.true);"


def _keeping(step: Step) -> Iterator[str]:
    if step.until is None and (step.keep or step.forget):
        yield from KEEP
    for name, place in step.keep.items():
        yield f"if (pm.response.code < 300) keep('{name}', pm.response.json().{place});"
    for name in step.forget:
        yield f"keep('{name}', '');"


def event(listen: str, lines: Sequence[str]) -> list[dict[str, Any]]:
    """The scripts as Postman has them; none where there are no lines."""
    if not lines:
        return []
    return [{"listen": listen, "script": {"type": "text/javascript", "exec": list(lines)}}]
