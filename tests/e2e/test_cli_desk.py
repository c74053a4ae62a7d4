"""The desk in a browser: a headless Chromium looks at what `clashwatch run --port` serves."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from html import escape
from pathlib import Path
from struct import unpack

import httpx
import pytest

from tests.e2e.cli_rig import Shell, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = (
    "<script>document.title='OWNED'</script><img src=x onerror=\"document.title='OWNED'\">Shelling kills two\n\n"
    "Two Indian soldiers were killed when Pakistani troops shelled a post on the Line of Control, the army said. "
    "<script>document.title='OWNED'</script> It was the first clash in a month."
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shell = Shell(tmp_path_factory.mktemp("desk"))
    assert shell.run("run", "--once").returncode == 0
    (shell.folder / "inbox" / "hostile.txt").write_text(HOSTILE)
    with shell.running("run", "--port", 0) as process:
        found = until(lambda: re.search(r"the desk is at (\S+)", shell.log), "the desk is served")
        until(lambda: httpx.get(f"{found[1]}api/v1/articles?limit=9").json()["items"][5:], "six articles")
        yield found[1]
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in shell.log


def look(*arguments: str) -> str:
    """What the browser prints."""
    if CHROMIUM is None:
        pytest.skip("CHROMIUM IS NOT INSTALLED: the desk was not looked at in a browser")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,1400")
    done = subprocess.run([CHROMIUM, *flags, *arguments], capture_output=True, text=True, timeout=90, check=True)
    return done.stdout


def article(url: str, stem: str) -> str:
    items = httpx.get(f"{url}api/v1/articles?limit=9").json()["items"]
    return next(f"{url}articles/{item['article_id']}" for item in items if item["id"] == stem)


def test_the_browser_shows_the_incidents(url: str) -> None:
    dom = look("--dump-dom", url)
    assert dom.count('<li class="card">') == 4
    assert "Kyrgyzstan – Tajikistan" in dom


@pytest.mark.parametrize("stem", ["hostile", "002_2e75cf09986b3644"])
def test_scripts_of_articles_do_not_run(stem: str, url: str) -> None:
    dom = look("--dump-dom", article(url, stem))
    assert "<title>OWNED" not in dom
    assert re.search(r"<title>[^<]+· Clashwatch</title>", dom)


MEASURE = """<iframe id=f width=390 height=900 srcdoc="{page}"></iframe><script>
onload = () => {{
  const inside = document.getElementById("f").contentDocument, edge = (one) => one.getBoundingClientRect().right;
  const tables = [...inside.querySelectorAll(".card table")];
  const over = tables.filter((table) => edge(table) > edge(table.closest(".card")));
  document.body.dataset.found = `${{tables.length}} tables, ${{over.length}} wider than their card`;
}};</script>"""


def test_on_a_telephone_the_toll_stays_in_its_card(url: str, tmp_path: Path) -> None:
    style = f"<style>{httpx.get(f'{url}static/desk.css').text}</style>"
    page = re.sub('<link rel="stylesheet"[^>]*>', lambda _: style, httpx.get(url).text)
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE.format(page=escape(page)))
    assert 'data-found="3 tables, 0 wider than their card"' in look("--dump-dom", f"file://{frame}")


def test_it_looks_like_something_in_light_and_in_dark(url: str, tmp_path: Path) -> None:
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    look(f"--screenshot={light}", url)
    look("--blink-settings=preferredColorScheme=0", f"--screenshot={dark}", url)
    for picture in (light, dark):
        raw = picture.read_bytes()
        assert unpack(">II", raw[16:24]) == (1200, 1400)
        assert len(raw) > 30_000
    assert light.read_bytes() != dark.read_bytes()
