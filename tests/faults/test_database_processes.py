"""Processes that open one new data folder at the same moment: each gets its database."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from shared.store.database import Database

PROCESSES, ROUNDS = 4, 40


def open_in_step(folder: str, barrier: Barrier) -> None:
    for number in range(ROUNDS):
        barrier.wait(60)
        database = Database(Path(folder) / str(number))
        database.migrate("part", ["CREATE TABLE part (name TEXT)"])
        database.close()


def test_a_new_file_is_made_once_and_opened_by_all(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    processes = [context.Process(target=open_in_step, args=(str(tmp_path), barrier)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
