"""Whether a body asks for a dry run. A typing error there must not pass for a real run."""

from collections.abc import Mapping

from common.messages import Reason
from gateway.errors import violated
from gateway.strict_json import Json

DRY_RUN = "dry_run"


def is_dry_run(body: Mapping[str, Json]) -> bool:
    """What `dry_run` says; absent is false. Raises `Refusal` (422) for anything but true and false."""
    value = body.get(DRY_RUN, False)
    if isinstance(value, bool):
        return value
    raise violated([Reason(code="type_wrong", field=DRY_RUN, message="Must be true or false.")])


def refuse_in_query(query: Mapping[str, str]) -> None:
    """Raises `Refusal` (422) where a request with a body asks for a dry run in its address."""
    if DRY_RUN in query:
        message = f'Must stand in the body: "{DRY_RUN}": true.'
        raise violated([Reason(code="field_unknown", field=DRY_RUN, message=message)])


def is_dry_run_of_list(body: Mapping[str, Json], name: str) -> bool:
    """The same for a body `{name: […], dry_run}`, in which nothing else may stand."""
    unknown = [key for key in body if key not in {name, DRY_RUN}]
    if unknown:
        message = f"Is not a field that is known here, beside {name} and {DRY_RUN}."
        raise violated([Reason(code="field_unknown", field=key, message=message) for key in unknown])
    return is_dry_run(body)
