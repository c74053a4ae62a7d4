"""A feeder as a process: `feeder_process.py INBOX DATA [once|polling]`. Says "ready" when first idle."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from services.feeder.feed import Feeder
from services.feeder.load_names import skipped_names
from services.feeder.registry import Registry
from services.feeder.watch import InboxWatcher
from shared.bus.sqlite import SqliteBus
from shared.store.database import Database


def main(inbox: Path, data: Path, *options: str) -> None:
    database = Database(data)
    feeder = Feeder(
        inbox,
        Registry(database),
        SqliteBus(database).publish,
        clock=lambda: datetime.now(UTC),
        room=lambda: 10_000,
        names=skipped_names(),
        watcher=None if options else InboxWatcher(inbox),
        once="once" in options,
    )
    said = False
    while not (progress := feeder.step()).drained:
        if progress.idle and not said:
            said = True
            print("ready", flush=True)
        feeder.rest(progress)
    feeder.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
