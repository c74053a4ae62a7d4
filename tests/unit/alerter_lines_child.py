"""Sends alerts to a file, seven a transaction, beginning again where the database says: `... DATA COUNT`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from test_alerter_channels import alert

from services.alerter.channels import JsonLines, send
from shared.store.database import Database
from shared.store.sqlite_alerts import SqliteAlertStore

if __name__ == "__main__":
    data, count = Path(sys.argv[1]), int(sys.argv[2])
    database = Database(data)
    store = SqliteAlertStore(database)
    channel = JsonLines(data / "alerts.jsonl", store)
    for first in range(0, count, 7):
        with database.transaction():
            for number in range(first, min(first + 7, count)):
                send(alert(number), channel, store, datetime.now(UTC))
