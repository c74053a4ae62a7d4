"""What every message and every part of one has in common."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A value inside a message. Frozen; unknown fields are ignored, so that older readers survive newer writers."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")


class Message(Part):
    """One message type: its CloudEvents `type` (which is its topic, too), its schema version and its key."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @property
    def key(self) -> str:
        """The partition key (CloudEvents `subject`)."""
        raise NotImplementedError
