"""The five articles that the very first `run` finds in its new inbox."""

import shutil
import sysconfig
import tempfile
from pathlib import Path

from services.cli.options import UsageError

# In a clone, and where a wheel puts them.
_PLACES = (Path(__file__).parents[2] / "seeds", Path(sysconfig.get_path("data")) / "share/clashwatch/seeds")


def seeds() -> list[Path]:
    """Where the articles are."""
    place = next((place for place in _PLACES if place.is_dir()), None)
    return sorted(place.glob("*.txt")) if place else []


def plant(inbox: Path) -> bool:
    """Makes an inbox that is not there, with the seeds in it, at once; says whether it did."""
    if inbox.exists():
        return False
    try:
        inbox.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{inbox.name}.", dir=inbox.parent) as made:
            nursery = Path(made) / inbox.name
            nursery.mkdir()
            for seed in seeds():
                shutil.copyfile(seed, nursery / seed.name)
            nursery.rename(inbox)
    except OSError as error:
        raise UsageError(f"{inbox}: the inbox cannot be made: {error.strerror}") from error
    return True
