"""The examples an analyst writes: `services/NAME/examples/*.yml`. Each row is a test."""

from pathlib import Path
from typing import Any

import pytest
import yaml

SERVICES = Path(__file__).parents[2] / "services"

Row = dict[str, Any]


def examples(service: str) -> list[Any]:
    """Its rows as parameters, named by file and description."""
    return [
        pytest.param(row, id=f"{file.stem}: {row['description']}")
        for file in sorted((SERVICES / service / "examples").glob("*.yml"))
        for row in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]
