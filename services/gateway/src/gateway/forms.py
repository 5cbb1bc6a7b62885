"""Small bodies: read by a model, refused with every violation, its field and a sentence."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo

from common.messages import Reason
from gateway.errors import unreadable, violated
from gateway.strict_json import Json

MAX_SHOWN_CHARACTERS = 100

F = TypeVar("F", bound="Form")

ProblemWith = Callable[[Any, ValidationInfo], str | None]


class Form(BaseModel):
    """A body. What it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def without(problem_with: ProblemWith) -> BeforeValidator:
    """A rule for a field: `problem_with` says what is wrong with a value, after the name of its field."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if problem := problem_with(value, info):
            raise ValueError(problem)
        return value

    return BeforeValidator(check)


def read_form(form: type[F], body: Json, **context: object) -> F:
    """The body as a form; `context` is for its rules. Raises `Refusal`: 400, 422."""
    names = ", ".join(form.model_fields)
    if not isinstance(body, dict):
        raise unreadable(f"The body must be a JSON object with {names}.")
    try:
        return form.model_validate(body, context=context)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
    raise violated([_reason(one["type"], one["loc"], one.get("ctx", {}), one["msg"], names) for one in wrong])


def _reason(
    kind: str, place: tuple[int | str, ...], context: Mapping[str, Any], message: str, names: str
) -> Reason:
    field = ".".join(str(part) for part in place)[:MAX_SHOWN_CHARACTERS]
    if kind == "extra_forbidden":
        return Reason(code="field_unknown", field=field, message=f"Known are {names}.")
    if kind == "missing":
        return Reason(code="field_missing", field=field, message=f"{field} is required.")
    said = str(context["error"]) if kind == "value_error" else f"is wrong: {message}"
    return Reason(code="value_invalid", field=field, message=f"{field} {said}.")
