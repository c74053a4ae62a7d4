#!/usr/bin/env python3
"""The whole system on Kafka and Elasticsearch on this machine, without Docker: both servers and every service of ours.

    cluster.py start     starts what does not run, waits until all are ready, says where they are
    cluster.py status    says what runs (exit code 3: nothing does)
    cluster.py stop      ends everything, the services first
    cluster.py wipe      ends everything and removes all it kept

All of it lives in one folder (--dir): kafka/, elasticsearch/, data/, and services/ with a log and a pid file for each
service. What ends by itself is started again. The servers are started here (Java and Maven needed) unless
CLASHWATCH_KAFKA and CLASHWATCH_ELASTICSEARCH name others. Articles are read from CLASHWATCH_INBOX (./inbox), which is
made with five of them where there is none; other settings of the services are taken from the environment, too.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.error import HTTPError

HERE = Path(__file__).absolute().parent
ROOT = HERE.parents[1]
BROKER, SERVER = HERE / "kafka" / "broker.py", HERE / "elasticsearch" / "elasticsearch.sh"
ONE_EACH = ("feeder", "channels", "webhook", "desk")
DESK_PORT = 8000
STAGES = ("normalizer", "tagger", "detector", "linker", "indexer", "alerter")
READY_SECONDS, STOP_SECONDS = 180.0, 40.0
LOOK_SECONDS = 0.25
SHORTEST, LONGEST, CALM = 1.0, 30.0, 60.0
NOT_RUNNING, CANNOT = 3, 1
SERVERS = {"CLASHWATCH_KAFKA": "kafka", "CLASHWATCH_ELASTICSEARCH": "elasticsearch"}
"""The setting that names each, so that none is started here."""

Process = subprocess.Popen[bytes]


class CannotError(Exception):
    """`str(error)` says what is missing or went wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a cluster, and what is written there about each worker."""

    directory: Path

    @property
    def services(self) -> Path:
        """Logs, pids, ports."""
        return self.directory / "services"

    @property
    def data(self) -> Path:
        """What feeder, channels and webhook keep."""
        return self.directory / "data"

    def file(self, worker: str, kind: str) -> Path:
        """`kind` is log, pid, port or address."""
        return self.services / f"{worker}.{kind}"

    def workers(self) -> list[str]:
        """All that were ever started here, by their ports."""
        return sorted(path.stem for path in self.services.glob("*.port"))

    def pid(self, worker: str) -> int | None:
        """The process, if it runs and is ours: a pid file may be older than the process of that number."""
        found = _number(self.file(worker, "pid"))
        mark = f"CLASHWATCH_DATA={self.data}\0"
        return found if found and mark.encode() in _of_process(found, "environ") else None

    @property
    def supervisor(self) -> int | None:
        """The process that starts the workers again."""
        found = _number(self.services / "supervisor.pid")
        mark = f"supervise\0--dir\0{self.directory}\0"
        return found if found and mark.encode() in _of_process(found, "cmdline") else None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _of_process(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


# Starting


def start(place: Path, workers: int) -> None:
    """Returns when all are ready."""
    here = Place(place)
    here.services.mkdir(parents=True, exist_ok=True)
    if here.supervisor:
        print(f"The cluster is running already (pid {here.supervisor}).")
    else:
        environment = _environment(here, _servers(here))
        _plant(Path(environment["CLASHWATCH_INBOX"]))
        _supervise_apart(here, environment, workers)
    _wait_until_ready(here)
    _tell(here)


def _servers(here: Place) -> dict[str, str]:
    """The addresses of both; those that no setting names are started, at the same time."""
    ours = {setting: _begin(here, name) for setting, name in SERVERS.items() if not os.environ.get(setting)}
    failed = [SERVERS[setting] for setting, process in ours.items() if process.wait()]
    if failed:
        _stop_servers(here)
        raise CannotError(f"{' and '.join(failed)} could not be started")
    return {setting: os.environ.get(setting) or _address(here, name) for setting, name in SERVERS.items()}


def _begin(here: Place, name: str) -> Process:
    # A file, not a pipe: what the script leaves behind may hold on to it.
    with here.file(name, "address").open("wb") as said:
        return subprocess.Popen(  # noqa: S603 - our own scripts
            _script(here, name, "start"), env=_of_server(here), stdin=subprocess.DEVNULL, stdout=said
        )


def _script(here: Place, name: str, action: str) -> list[str]:
    if name == "elasticsearch":
        return [str(SERVER), action]
    return [sys.executable, str(BROKER), action, "--dir", str(here.directory / "kafka")]


def _of_server(here: Place) -> dict[str, str]:
    return {**os.environ, "ELASTICSEARCH_HOME": str(here.directory / "elasticsearch")}


def _address(here: Place, name: str) -> str:
    """The last line its script said."""
    return here.file(name, "address").read_text().split()[-1]


def _environment(here: Place, servers: Mapping[str, str]) -> dict[str, str]:
    """Of a service. What is named by the place one is in is named by its whole path."""
    inbox = Path(os.environ.get("CLASHWATCH_INBOX", "inbox")).absolute()
    given = {"CLASHWATCH_ALERTS_FILE": str(here.data / "alerts.jsonl"), **os.environ}
    return {**given, **servers, "CLASHWATCH_INBOX": str(inbox), "CLASHWATCH_DATA": str(here.data)}


def _plant(inbox: Path) -> None:
    """As the very first `clashwatch run` does."""
    if not inbox.exists():
        shutil.copytree(ROOT / "seeds", inbox)


def _supervise_apart(here: Place, environment: Mapping[str, str], workers: int) -> None:
    command = [sys.executable, str(Path(__file__).absolute()), "supervise", "--dir", str(here.directory)]
    for old in here.services.glob("*.port"):
        old.unlink()
    with (here.services / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "--workers", str(workers)],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (here.services / "supervisor.pid").write_text(f"{process.pid}\n")
    while len(here.workers()) < len(names(workers, environment)) and process.poll() is None:
        time.sleep(LOOK_SECONDS / 10)


def names(workers: int, environment: Mapping[str, str]) -> list[str]:
    """The workers to start: so many of each stage; the webhook only where there is one."""
    single = [name for name in ONE_EACH if name != "webhook" or environment.get("CLASHWATCH_WEBHOOK_URL")]
    return [f"{name}-0" for name in single] + [f"{name}-{n}" for n in range(workers) for name in STAGES]


def _wait_until_ready(here: Place) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for worker in here.workers():
        while problem := _problem(here, worker):
            if here.supervisor is None:
                raise CannotError(f"the supervisor ended; its log is {here.services / 'supervisor.log'}")
            if time.monotonic() > deadline:
                raise CannotError(f"{worker} is not ready: {problem}; its log is {here.file(worker, 'log')}")
            time.sleep(LOOK_SECONDS)


def _problem(here: Place, worker: str) -> str | None:
    """Why it cannot work now."""
    try:
        with urllib.request.urlopen(_url(here, worker) + "readyz", timeout=5):  # noqa: S310 - our own address
            return None
    except HTTPError as error:
        return str(json.load(error).get("reason"))
    except OSError as error:
        return str(error)


def _url(here: Place, worker: str) -> str:
    return f"http://127.0.0.1:{here.file(worker, 'port').read_text().strip()}/"


def _tell(here: Place) -> None:
    for worker in here.workers():
        pid = here.pid(worker)
        state = f"pid {pid}" if pid else "not running"
        print(f"{worker:<14}{state:<14}{_url(here, worker) if pid else '':<26}{here.file(worker, 'log')}")


# The process that stays


@dataclass(slots=True)
class Worker:
    """One service process; `pause` is how long it is left alone after it ended, `due` when it may be started."""

    name: str
    process: Process | None = None
    began: float = 0.0
    pause: float = SHORTEST
    due: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Starts the workers, again and again, until told to stop."""

    place: Place
    workers: list[Worker]
    is_told: bool = field(default=False)

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then all workers are ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self.is_told:
            for worker in self.workers:
                self._look_after(worker)
            time.sleep(LOOK_SECONDS)
        self._end()

    def _stop(self, *_: object) -> None:
        self.is_told = True

    def _look_after(self, worker: Worker) -> None:
        now = time.monotonic()
        if worker.process is not None and (code := worker.process.poll()) is not None:
            worker.pause = SHORTEST if now - worker.began > CALM else min(2 * worker.pause, LONGEST)
            worker.due, worker.process = now + worker.pause, None
            print(f"{worker.name} ended with {code}; starting it again in {worker.pause:.0f} s", flush=True)
        if worker.process is None and now >= worker.due:
            worker.process, worker.began = self._launch(worker.name), now

    def _launch(self, name: str) -> Process:
        service, _, number = name.rpartition("-")
        port = self.place.file(name, "port")
        if not port.exists():
            port.write_text(f"{_port_of(service)}\n")
        with self.place.file(name, "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "services", "service", service, "--port", port.read_text().strip()],
                env={**os.environ, "CLASHWATCH_KAFKA_INSTANCE": number},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.place.file(name, "pid").write_text(f"{process.pid}\n")
        return process

    def _end(self) -> None:
        running = [worker.process for worker in self.workers if worker.process]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS - 10
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def supervise(directory: Path, workers: int) -> None:
    """Until told to stop."""
    Supervisor(Place(directory), [Worker(name) for name in names(workers, os.environ)]).run()


def _port_of(service: str) -> int:
    """The desk's own, where nobody has it; a free one."""
    for wanted in (DESK_PORT, 0) if service == "desk" else (0,):
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", wanted))
            return int(found.getsockname()[1])
    raise CannotError("no port is free")


# Ending


def stop(directory: Path) -> None:
    """The supervisor ends the workers; those of one that was killed are ended here. Then the servers of this folder."""
    here = Place(directory)
    _end(here.supervisor, STOP_SECONDS, lambda: here.supervisor)
    for worker in here.workers():
        _end(here.pid(worker), STOP_SECONDS, partial(here.pid, worker))
    for path in [*here.services.glob("*.pid"), *here.services.glob("*.port")]:
        path.unlink()
    _stop_servers(here)


def _stop_servers(here: Place) -> None:
    for name in reversed(SERVERS.values()):
        if (here.directory / name).exists():
            subprocess.run(_script(here, name, "stop"), env=_of_server(here), check=True)  # noqa: S603 - our own scripts


def _end(pid: int | None, seconds: float, running: Callable[[], int | None]) -> None:
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while running() == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_SECONDS / 5)


def wipe(directory: Path) -> None:
    """Only what is the cluster's own: jars stay."""
    stop(directory)
    for name in ("kafka", "elasticsearch", "services", "data"):
        shutil.rmtree(directory / name, ignore_errors=True)


def status(directory: Path) -> int:
    """0 when it runs."""
    here = Place(directory)
    if here.supervisor is None:
        print("The cluster is not running.")
        return NOT_RUNNING
    _tell(here)
    return 0


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="The whole system on Kafka and Elasticsearch, on this machine.")
    parser.add_argument("action", choices=["start", "status", "stop", "wipe", "supervise"])
    parser.add_argument("--dir", type=Path, default=ROOT / "build" / "local", help="where it keeps all")
    parser.add_argument("--workers", type=int, default=1, help="workers of each stage (topics have three partitions)")
    given = parser.parse_args()
    directory = given.dir.absolute()
    try:
        if given.action in ("start", "supervise"):
            (start if given.action == "start" else supervise)(directory, given.workers)
            return 0
        if given.action == "status":
            return status(directory)
        (stop if given.action == "stop" else wipe)(directory)
    except CannotError as error:
        sys.stderr.write(f"cluster: {error}\n")
        return CANNOT
    return 0


if __name__ == "__main__":
    sys.exit(main())
