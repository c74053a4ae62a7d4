"""A stage that raises: a dead letter with the original bytes; `clashwatch dead-letters list|show|replay|drop`."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from shared.bus.sqlite import SqliteBus
from shared.envelope import encode
from shared.schemas import ArticleNormalized, ArticleTagged
from shared.schemas.article_normalized import Sentence
from shared.stage import Delivery
from shared.store.database import Database
from tests.e2e.clashwatch import command, listed
from tests.e2e.road import NOW, SEEDS, Folders, Row, drop, members
