"""How the suite is spread over processes."""

import pytest
import structlog
from hypothesis import HealthCheck, settings
from structlog.dev import ConsoleRenderer, plain_traceback
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

pytest_plugins = ["stack.fixtures"]

EVERYTHING_RUNS = ("tests/e2e/", "tests/resilience/")  # share one running stack, which takes long to start
LONG = (*EVERYTHING_RUNS, "tools/bench/tests/integration/")
LONG_SECONDS = 300  # the first of them starts everything, which takes a busy machine a minute


# A busy machine is no failure. What CI adds, the same examples each time, stays.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


class WholeFiles(LoadFileScheduling):
    """A file's tests run in one process, and so do all that use the one running stack."""

    def _split_scope(self, nodeid: str) -> str:
        return EVERYTHING_RUNS[0] if nodeid.startswith(EVERYTHING_RUNS) else super()._split_scope(nodeid)


def pytest_configure() -> None:
    """Log tracebacks as they are: drawn with all local variables, each takes a slow machine seconds."""
    *others, _drawing = structlog.get_config()["processors"]
    renderer = ConsoleRenderer(colors=False, exception_formatter=plain_traceback)
    structlog.configure(processors=[*others, renderer])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """The scheduler of `--numprocesses`."""
    return WholeFiles(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that the short ones fill what is left of every process."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    for item in items:
        if item.nodeid.startswith(LONG) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))
