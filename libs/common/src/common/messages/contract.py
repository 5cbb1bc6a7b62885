"""What a message is: a frozen model with a type name, a version and an address on the broker.

A published schema only grows by optional fields; anything else is a `v2` beside the `v1`.
"""

from abc import abstractmethod
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

MESSAGE_TYPES: dict[str, type["Message"]] = {}


class Part(BaseModel):
    """A frozen part of a message. Unknown keys are ignored, so that a newer sender is understood."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Part):
    """Something that happened, told to whoever subscribed to its type."""

    message_type: ClassVar[str]  # `{subject}.{action}.v{version}`, past tense

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__()
        if "message_type" in cls.__dict__:
            MESSAGE_TYPES[cls.message_type] = cls

    def routing_key(self) -> str:
        """`{subject}.{action}.{shop}`: what subscribers bind to."""
        subject_and_action = self.message_type.rsplit(".", 1)[0]
        return f"{subject_and_action}.{self.addressed_shop()}"

    @abstractmethod
    def addressed_shop(self) -> str:
        """The shop that the message is about."""

    @abstractmethod
    def addressed_tenant(self) -> str:
        """The tenant that the message belongs to."""

    def correlation_id(self) -> str:
        """The submission that caused the message, or the shop where no submission did."""
        return self.addressed_shop()

    def to_json(self) -> bytes:
        """Only what was set travels: an absent field stays absent."""
        return self.model_dump_json(exclude_unset=True).encode()


class UnknownMessageType(Exception):
    """The message's type is none of ours; a newer sender may be running beside this service."""


def decode(message_type: str, body: bytes) -> Message:
    """The message behind a body.

    Raises `UnknownMessageType` for a type that is not ours, pydantic's `ValidationError` for a body
    that does not fit.
    """
    if message_type not in MESSAGE_TYPES:
        raise UnknownMessageType(message_type)
    return MESSAGE_TYPES[message_type].model_validate_json(body)
