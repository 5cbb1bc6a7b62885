"""What every service can be told from outside: environment variables that begin with `SKUWIRE_`."""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.http.patience import ClientLimits

# An error about a setting must not repeat its value: it may be a secret.
_COMMON = SettingsConfigDict(extra="ignore", populate_by_name=True, hide_input_in_errors=True)


def settings_of(service: str) -> SettingsConfigDict:
    """A service's own settings are `SKUWIRE_{SERVICE}_{NAME}`, beside the shared `SKUWIRE_{NAME}`."""
    return SettingsConfigDict(env_prefix=f"SKUWIRE_{service.upper()}_", **_COMMON)


def shared(name: str, default: Any, description: str) -> Any:  # Any: pydantic's Field has the same type
    """A setting that all services read under the same name, `SKUWIRE_{NAME}`."""
    return Field(default, description=description, validation_alias=f"SKUWIRE_{name.upper()}")


class ServiceSettings(BaseSettings):
    """The settings that all services share."""

    model_config = SettingsConfigDict(**_COMMON)

    database_url: SecretStr = shared(
        "database_url",
        SecretStr("postgresql://skuwire@127.0.0.1:5432/skuwire"),
        "PostgreSQL, with user and password; each service uses its own schema.",
    )
    database_pool_size: int = shared("database_pool_size", 8, "Connections that a service may open.")
    database_command_timeout_seconds: float = shared(
        "database_command_timeout_seconds", 30.0, "A statement that takes longer fails."
    )
    amqp_url: SecretStr = shared(
        "amqp_url", SecretStr("amqp://guest:guest@127.0.0.1:5672/"), "RabbitMQ, with user and password."
    )
    publish_timeout_seconds: float = shared(
        "publish_timeout_seconds", 8.0, "How long to wait for the broker's confirm of a message."
    )
    http_host: str = shared("http_host", "127.0.0.1", "Address that the service listens on.")
    http_port: int = shared("http_port", 0, "Port that the service listens on; 0 takes a free one.")
    http_headers_seconds: float = shared(
        "http_headers_seconds", 10.0, "How long a client may take to send the head of a request."
    )
    http_body_seconds: float = shared(
        "http_body_seconds", 30.0, "How long a client may take for a body; each 16 KiB give it a second more."
    )
    http_answer_seconds: float = shared(
        "http_answer_seconds", 30.0, "How long a client may leave an answer unread."
    )
    http_idle_seconds: float = shared(
        "http_idle_seconds",
        75.0,
        "How long a connection may stay open without a request; longer than that of a proxy before it.",
    )
    http_connections: int = shared(
        "http_connections",
        800,
        "Connections that clients may have open; of more, the address that has the most gives one up.",
    )
    blob_url: str = shared(
        "blob_url", "file:///var/lib/skuwire/blobs", "Where picture bytes lie: file:///… or s3://bucket/…"
    )
    shops_file: Path | None = shared("shops_file", None, "TOML file with the shops; see the README.")
    shop_url: str | None = shared("shop_url", None, "Address of a single shop, instead of a shops file.")
    shop_key: SecretStr | None = shared("shop_key", None, "Webservice key of that single shop.")
    otlp_endpoint: str | None = shared(
        "otlp_endpoint",
        None,
        "Where traces are sent, for example http://collector:4318; none keeps them local.",
    )
    log_level: str = shared("log_level", "INFO", "Least severe log line that is written.")
    shutdown_deadline_seconds: float = shared(
        "shutdown_deadline_seconds", 15.0, "After SIGTERM the service ends within this time, finished or not."
    )

    def client_limits(self) -> ClientLimits:
        """What the clients of the service's HTTP side may take of it."""
        return ClientLimits(
            headers_seconds=self.http_headers_seconds,
            body_seconds=self.http_body_seconds,
            answer_seconds=self.http_answer_seconds,
            idle_seconds=self.http_idle_seconds,
            connections=self.http_connections,
        )
