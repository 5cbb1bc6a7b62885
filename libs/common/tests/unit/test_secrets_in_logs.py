"""What a service writes to its log never holds a secret, wherever it was planted."""

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from common.telemetry import REDACTED, redact_secrets

PLANTED = [
    "pm_live_4f9a0c77planted",
    "pm_refresh_4f9a0c77planted",
    "whsec_cGxhbnRlZA==planted",
    "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.planted",
    "amqp://worker:planted@127.0.0.1:5672/",
    "https://shop.example/api/products?ws_key=PLANTEDPLANTED&display=full",
    "Authorization: Basic cGxhbnRlZDpwbGFudGVk",
    "Bearer planted0123456789",
]

PROGRAM = """
import logging, sys, json
import structlog
from common.telemetry import set_up_telemetry

planted = json.loads(sys.argv[1])
set_up_telemetry("probe")
log = structlog.get_logger()

class Opaque:
    def __repr__(self): return planted[0]

for secret in planted:
    log.info(secret)
    log.info("value", cause=secret, deep={"a": [{"b": (secret,)}]}, in_key={secret: 1}, of_a_set={secret})
    log.info("object", error=ValueError(secret), opaque=Opaque(), raw=secret.encode())
    structlog.contextvars.bind_contextvars(bound=secret)
    log.info("bound")
    try:
        local = secret
        try:
            raise ValueError(secret)
        except ValueError as error:
            raise RuntimeError("while " + secret) from error
    except RuntimeError as failed:
        failed.add_note(secret)
        log.exception("failed")
        logging.getLogger("aiormq").exception("failed at %s", secret)
log.info("named", password="planted", api_key="planted", shop_key="planted", headers={"X-Api-Key": "planted"})
log.info("named", cookie="planted", key="planted", deep=[{"Authorization": "planted"}], token="planted")
"""


def test_a_planted_secret_is_in_no_line() -> None:
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(PLANTED)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "planted" not in program.stdout.lower()
    assert program.stderr == ""
    lines = [json.loads(line) for line in program.stdout.splitlines()]
    assert len(lines) == 6 * len(PLANTED) + 2
    assert all(line["service"] == "probe" for line in lines)
    assert sum(REDACTED in json.dumps(line) for line in lines) == len(lines)


harmless = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abcdef -/:.0123456789"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["shop", "cause", "items"]), inner),
)


@given(value=harmless)
def test_what_is_no_secret_is_left_alone(value: object) -> None:
    assert redact_secrets(None, "info", {"value": value}) == {"value": value}
