import json
import re

import pytest
import yaml

SERVICES = {"gateway", "validator", "prestashop-writer", "image-processor", "webhook-relay"}
INSTRUMENT = re.compile(r"create_(\w+)\(\s*\"(skuwire_\w+)\"")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture(scope="module")
def folder(root):
    return root / "deploy" / "observability"


@pytest.fixture(scope="module")
def figures(root):
    """The series that the services show, as Prometheus names them."""
    sources = [*root.glob("libs/*/src/**/*.py"), *root.glob("services/*/src/**/*.py")]
    made = [found.groups() for source in sources for found in INSTRUMENT.finditer(source.read_text())]
    return {name + suffix for kind, name in made for suffix in SUFFIXES.get(kind, ("",))}


def read(file):
    return yaml.safe_load(file.read_text())


def test_prometheus_asks_every_replica_of_every_service(folder, compose):
    jobs = {job["job_name"]: job for job in read(folder / "prometheus.yml")["scrape_configs"]}
    assert jobs.keys() == SERVICES | {"rabbitmq"}
    for service in SERVICES:
        (found,) = jobs[service]["dns_sd_configs"]
        port = compose["services"][service]["environment"]["SKUWIRE_HTTP_PORT"]
        assert (found["names"], found["type"], str(found["port"])) == ([service], "A", port)


def test_every_alert_and_panel_looks_at_a_figure_that_exists(folder, figures):
    alerts = [rule for group in read(folder / "alerts.yml")["groups"] for rule in group["rules"]]
    dashboard = json.loads((folder / "grafana" / "dashboards" / "skuwire.json").read_text())
    asked = [alert["expr"] for alert in alerts]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for text in asked for name in re.findall(r"skuwire_\w+", text)}
    assert named
    assert named <= figures


def test_every_alert_says_what_to_do(folder):
    for group in read(folder / "alerts.yml")["groups"]:
        for rule in group["rules"]:
            assert {"summary", "what_next"} == rule["annotations"].keys(), rule["alert"]


def test_what_alerts_refer_to_is_in_the_runbook(folder, root):
    sections = re.findall(r"docs/runbook\.md, '([^']+)'", (folder / "alerts.yml").read_text())
    assert sections
    assert set(sections) <= set(re.findall(r"(?m)^## (.+)$", (root / "docs" / "runbook.md").read_text()))


def test_queues_of_the_alerts_are_those_of_the_services(folder):
    text = (folder / "alerts.yml").read_text()
    assert set(re.search(r"skuwire\\\\\.\(([a-z|-]+)\)", text)[1].split("|")) == SERVICES


def test_traces_go_from_the_services_to_jaeger(folder, compose, root):
    config = read(folder / "collector.yaml")
    (pipeline,) = config["service"]["pipelines"].values()
    for kind, names in pipeline.items():
        assert set(names) <= config[kind].keys()
    assert config["exporters"]["otlp"]["endpoint"].partition(":")[0] in compose["services"]
    port = config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert f"http://collector:{port}" in (root / "deploy" / "env.example").read_text()
    assert "collector" in compose["services"]


def test_grafana_finds_its_sources_and_its_dashboard(folder, compose):
    sources = read(folder / "grafana" / "provisioning" / "datasources" / "skuwire.yaml")["datasources"]
    dashboard = json.loads((folder / "grafana" / "dashboards" / "skuwire.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} <= {s["uid"] for s in sources}
    assert {s["url"].split("/")[2].split(":")[0] for s in sources} <= compose["services"].keys()
    (provider,) = read(folder / "grafana" / "provisioning" / "dashboards" / "skuwire.yaml")["providers"]
    mounted = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
    home = compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/skuwire.json"
