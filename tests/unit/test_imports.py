"""The three import laws, and no more: shared knows no service, services know only shared, logic knows only schemas."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The front: it puts services together, so it may know them.
FRONT = {"pipeline", "__main__", "cli", "extract", "files", "exports"}
SERVICES = ("feeder", "normalizer", "tagger", "detector", "linker", "indexer", "alerter", "desk", "exporter")
# Files with pure logic: everything of these services but what touches disk, network or a host.
LOGIC = ("tagger", "detector", "linker")
NOT_LOGIC = {
    "stage.py",
    "make_towns.py",
    "gazetteer.py",
    "words.py",
    "lexicon.py",
    "lexemes.py",
    "rule.py",
    "weights.py",
}


def imports(path: Path) -> Iterator[str]:
    """Dotted names a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files("shared"), ids=lambda path: str(path.relative_to(ROOT)))
def test_shared_never_imports_services(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "services"]


@pytest.mark.parametrize("service", SERVICES)
def test_services_never_import_each_other(service: str) -> None:
    for path in files(f"services/{service}"):
        others = [name for name in imports(path) if name.startswith("services.")]
        assert all(name.split(".")[1] == service for name in others), f"{path}: {others}"


@pytest.mark.parametrize("service", LOGIC)
def test_logic_imports_only_schemas(service: str) -> None:
    for path in files(f"services/{service}"):
        if path.name in NOT_LOGIC:
            continue
        known = [name for name in imports(path) if name.split(".")[0] == "shared"]
        assert all(name.startswith("shared.schemas") for name in known), f"{path}: {known}"


def test_every_service_is_named_here() -> None:
    folders = {path.name for path in (ROOT / "services").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - FRONT == set(SERVICES)
