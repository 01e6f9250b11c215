"""The observer in a browser: whom it is served to, and that a real click and a real key reach the app."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
REQUIRED = "TOWNLET_BROWSER_REQUIRED"
"""Set where the tests in a browser must not be left out, as in CI."""

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1280,800")
WAIT_S = 30.0


def test_there_is_a_browser_where_there_must_be() -> None:
    assert not os.environ.get(REQUIRED) or (BROWSER and DRIVER), "install chromium and chromium-driver"


class Served:
    """A process that serves the observer of a run."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address

    def children(self) -> list[int]:
        """The observers that are open."""
        told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in told.split()]


@contextmanager
def serving(run: Path | str, *options: str, **place: Any) -> Iterator[Served]:
    """`townlet observe RUN --web`, ended by Ctrl-C."""
    command = [sys.executable, "-m", "cli.main", "observe", str(run), "--web", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **place) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = next((word.rstrip(",") for word in line.split() if word.startswith("http://")), "")
        assert address.startswith("http://127.0.0.1:"), line + process.stderr.read()
        try:
            yield Served(process, address)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=15)
            finally:
                process.kill()


def until(holds: Callable[[], Any], what: str) -> Any:
    """What holds, as soon as it does."""
    ends = time.monotonic() + WAIT_S
    while time.monotonic() < ends:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {WAIT_S:g} seconds: {what}")


def status(address: str, **headers: str) -> tuple[int, str]:
    """The answer to a GET with these headers."""
    try:
        with urlopen(Request(address, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def handshake(address: str, **headers: str) -> str:
    """The first line of the answer to somebody who would open an observer."""
    host, _, port = address.removeprefix("http://").partition(":")
    asked = {"Host": f"{host}:{port}", **UPGRADE, **headers}
    lines = ["GET /ws HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        wire.sendall("\r\n".join(lines).encode())
        return wire.recv(4096).decode("latin-1").partition("\r\n")[0]


def test_nobody_else_comes_near(demo: Path) -> None:
    with serving(demo) as served:
        here = served.address
        port = here.rpartition(":")[2]
        code, page = status(here)
        assert code == 200 and "demo" in page
        assert not [word for word in page.split() if "//" in word and f"127.0.0.1:{port}" not in word]
        for host in (f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.evil.example:{port}"):
            code, said = status(here, Host=host)
            assert (code, said) == (403, f"{host} is not served here; open {here}\n")
        for origin in ("http://evil.example", f"http://127.0.0.1:{int(port) + 1}", "null"):
            code, said = status(here, Origin=origin)
            assert code == 403 and "may not open an observer" in said
            assert handshake(here, Origin=origin) == "HTTP/1.1 403 Forbidden"
        assert handshake(here) == "HTTP/1.1 403 Forbidden", "a browser says where it comes from"
        assert served.children() == []
        assert handshake(here, Origin=here) == "HTTP/1.1 101 Switching Protocols"
        with pytest.raises(OSError):
            socket.create_connection((own_address(), int(port)), timeout=5)
    assert served.process.returncode == 0


def own_address() -> str:
    """An address of this machine that is not the loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        try:
            wire.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but the loopback's")
        return str(wire.getsockname()[0])


CODES = re.compile(r"\x1b\[[0-9;:?<>=]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")
"""What moves a terminal's cursor and colours it."""


class Page:
    """A page in headless Chromium, and what the app wrote to it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.columns = self.rows = 0
        self._written = b""

    def text(self) -> str:
        """All that was written since `forget`, without the codes between it."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.webSocketFrameReceived" and message["params"]["response"]["opcode"] == 2:
                self._written += base64.b64decode(message["params"]["response"]["payloadData"])
            elif message["method"] == "Network.webSocketFrameSent":
                sent = json.loads(message["params"]["response"]["payloadData"])
                if sent[0] == "resize":
                    self.columns, self.rows = sent[1]["width"], sent[1]["height"]
        return CODES.sub("", self._written.decode("utf-8", "replace"))

    def forget(self) -> None:
        """What was written until now is not asked for any more."""
        self.text()
        self._written = b""

    def tick(self) -> int | None:
        """The tick that the headline was last written with."""
        found = re.findall(r"tick ([\d,]+) of", self.text())
        return int(found[-1].replace(",", "")) if found else None

    def press(self, key: str) -> None:
        """A key, pressed in the page."""
        ActionChains(self.driver).send_keys(key).perform()

    def click(self, column: float, row: float) -> None:
        """A click into the middle of a cell of the terminal, at its pixel."""
        screen = self.driver.find_element("css selector", ".xterm-screen")
        across, down = screen.size["width"] / self.columns, screen.size["height"] / self.rows
        middle = screen.size["width"] / 2, screen.size["height"] / 2
        to = round((column + 0.5) * across - middle[0]), round((row + 0.5) * down - middle[1])
        ActionChains(self.driver).move_to_element_with_offset(screen, *to).click().perform()


@contextmanager
def opened(address: str, folder: Path) -> Iterator[Page]:
    """The page at an address, in a browser that knows nothing yet; it downloads into a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(folder / "downloads")})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    try:
        driver.get(address)
        yield Page(driver)
    finally:
        driver.quit()


@pytest.mark.skipif(not BROWSER or not DRIVER, reason="Chromium and its driver are not installed")
def test_a_click_and_a_key_in_a_browser_reach_the_town(demo: Path, tmp_path: Path) -> None:
    where = tmp_path / 'it\'s a "town"; touch stolen'
    shutil.copytree(demo, where)
    with serving(where.name, "--at", "day 0 08:00", cwd=tmp_path) as served:
        with opened(served.address, tmp_path) as page:
            until(lambda: page.tick() == 480, "the town as it was at 8 o'clock")
            assert len(served.children()) == 1
            page.press(Keys.ARROW_RIGHT)
            until(lambda: page.tick() == 481, "a key goes on by a tick")

            run = re.findall(r"run +([^│]+)│", page.text())[-1]
            page.forget()
            page.click(len("run   ") + len(run) // 2, page.rows - 4)
            went = until(lambda: page.tick() not in (None, 481) and page.tick(), "a click on the timeline goes there")
            assert went == pytest.approx(1440, abs=60), "the middle of two days"

            page.press("S")
            picture = tmp_path / "downloads" / f"observe-it-s-a-town-touch-stolen-{went}.svg"
            until(lambda: picture.is_file() and picture.stat().st_size, "a picture is downloaded")
            assert f"tick&#160;{went:,}" in picture.read_text("utf-8")
            assert not (tmp_path / "stolen").exists()
        until(lambda: served.children() == [], "with the page its observer ends")
    assert served.process.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not BROWSER or not DRIVER, reason="Chromium and its driver are not installed")
def test_when_the_server_ends_so_do_its_observers(demo: Path, tmp_path: Path) -> None:
    with serving(demo) as served, opened(served.address, tmp_path) as page:
        until(page.tick, "the town")
        (observer,) = served.children()
        served.process.send_signal(signal.SIGINT)
        served.process.wait(timeout=15)
        assert served.process.returncode == 0
        until(lambda: not Path(f"/proc/{observer}").exists(), "the observer ends")
        until(lambda: "closed" in page.driver.find_element("css selector", "body").get_attribute("class"), "it says so")
