"""Every setting, from flags, then CLASHWATCH_* variables (each also as CLASHWATCH_*_FILE), then a TOML file."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "CLASHWATCH_"
MIB = 1024 * 1024


class Settings(BaseSettings):
    """Sizes are bytes, times are seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    inbox: Path = Path("inbox")
    data: Path = Path("clashwatch-data")
    kafka: str | None = None
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca: Path | None = None
    kafka_tls: bool = False
    kafka_allow_plaintext: bool = False
    kafka_prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]{0,50}$")
    kafka_instance: str | None = Field(default=None, pattern=r"^[a-zA-Z0-9._-]{1,100}$")
    kafka_replicas: int = Field(default=-1, ge=-1)
    kafka_partitions: int | None = Field(default=None, ge=1, le=1000)
    stream_host: str = Field(default="faust", pattern="^(faust|kafka-python)$")
    elasticsearch: str | None = None
    elasticsearch_api_key: SecretStr | None = None
    elasticsearch_ca: Path | None = None
    elasticsearch_allow_plaintext: bool = False
    elasticsearch_prefix: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9_.-]{0,49})?$")
    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65535)
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    log_format: str = Field(default="console", pattern="^(console|json)$")
    log_level: str = Field(default="INFO", pattern="^(?i:debug|info|warning|error|critical)$")

    max_file_bytes: int = Field(default=8 * MIB, gt=0)
    max_text_chars: int = Field(default=2 * MIB, gt=0)
    max_unpacked_bytes: int = Field(default=64 * MIB, gt=0)
    max_unpack_ratio: int = Field(default=200, gt=0)
    max_members: int = Field(default=1000, gt=0)
    max_nesting: int = Field(default=1, ge=0)
    parser_seconds: float = Field(default=10.0, gt=0)
    parser_memory_bytes: int = Field(default=512 * MIB, gt=0)
    rescan_seconds: float = Field(default=1.0, gt=0)

    watch_rules: Path | None = None
    alerts_file: Path | None = None
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_allow_private: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[Any, ...]:
        """Flags, variables, variables that name a file, the settings file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings, _from_named_files, _from_settings_file


def _from_named_files() -> dict[str, str]:
    """CLASHWATCH_X_FILE=path gives setting x the content of that file. Raises OSError naming it if it is not there."""
    return {
        name: Path(path).read_text(encoding="utf-8").strip()
        for name in Settings.model_fields
        if (path := os.environ.get(f"{PREFIX}{name.upper()}_FILE"))
    }


def _from_settings_file() -> dict[str, Any]:
    """CLASHWATCH_SETTINGS=path, else ./clashwatch.toml where there is one."""
    named = os.environ.get(f"{PREFIX}SETTINGS")
    path = Path(named or "clashwatch.toml")
    if not named and not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def unknown_variables() -> list[str]:
    """Variables that are named like settings and are none: most likely a slip of the pen."""
    names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    known = names | {f"{name}_FILE" for name in names} | {f"{PREFIX}SETTINGS"}
    return sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
