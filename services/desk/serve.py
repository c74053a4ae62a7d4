"""Serves an application from a thread of this process."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

_CLOSING_SECONDS = 3


@contextmanager
def serve(app: FastAPI, host: str, port: int) -> Iterator[str]:
    """Its URL; port 0 is any free one. Raises OSError when the port cannot be had."""
    listener = _listen(host, port)
    config = uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=_CLOSING_SECONDS
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listener],), name="desk")
    thread.start()
    try:
        yield _url(host, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"the desk cannot have {host}:{port}: {error.strerror}") from error
    return listener


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
