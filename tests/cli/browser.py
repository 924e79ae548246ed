# SPDX-License-Identifier: GPL-3.0-or-later
"""browser.py - controls a headless Chromium with its DevTools protocol over two pipes, using only Python's library.

    with Browser() as browser:
        page = browser.open(path)       # waits until it is loaded
        page.run("document.title")      # the value of an expression, which may be a promise
        page.noise                      # what a quiet page has not: console messages, exceptions, requests, dialogs
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-extensions", "--remote-debugging-pipe"]
WAIT = 60  # seconds until it is given up


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    def __init__(self, browser, session):
        self.browser, self.session, self.noise = browser, session, []

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def run(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise AssertionError(json.dumps(done["exceptionDetails"])[:800])
        return done["result"].get("value")

    def press(self, key, code=None, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **more)

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def take(self, method, parameters):
        """What the page does without input."""
        url = parameters.get("request", {}).get("url", "")
        if method == "Network.requestWillBeSent" and parameters.get("type") == "Document" and url == self.url:
            return
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening",
                      "Network.requestWillBeSent", "Page.windowOpen", "Page.frameAttached", "Page.frameRequestedNavigation",
                      "Page.downloadWillBegin"):
            self.noise.append("%s %s" % (method, json.dumps(parameters)[:400]))

    def load(self, url):
        self.url = url
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.call(domain + ".enable")
        self.call("Page.navigate", url=url)
        end = time.monotonic() + WAIT
        while self.run("document.readyState") != "complete" or self.run("location.href") != url:
            if time.monotonic() > end:
                raise AssertionError("the page does not load")
            time.sleep(0.02)


class Browser:
    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        read_in, self.write_to = os.pipe()
        self.read_from, write_out = os.pipe()
        script = 'exec "$0" "$@" 3<&%d 4>&%d' % (read_in, write_out)
        self.child = subprocess.Popen(["/bin/sh", "-c", script, program(), *OPTIONS, "--user-data-dir=" + self.folder],
                                      pass_fds=(read_in, write_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_in)
        os.close(write_out)
        self.number, self.buffer, self.pages = 0, b"", {}
        return self

    def __exit__(self, *unused):
        try:
            self.call("Browser.close")
        except (AssertionError, OSError):
            self.child.kill()
        self.child.wait(WAIT)
        os.close(self.write_to)
        os.close(self.read_from)
        shutil.rmtree(self.folder, ignore_errors=True)

    def message(self):
        end = time.monotonic() + WAIT
        while b"\0" not in self.buffer:
            ready = select.select([self.read_from], [], [], max(0, end - time.monotonic()))[0]
            more = os.read(self.read_from, 1 << 20) if ready else b""
            if not more:
                raise AssertionError("Chromium says nothing")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, session=None, **parameters):
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if session:
            call["sessionId"] = session
        os.write(self.write_to, json.dumps(call).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise AssertionError("%s: %s" % (method, message["error"]))
                return message["result"]
            page = self.pages.get(message.get("sessionId"))
            if page and "method" in message:
                page.take(message["method"], message["params"])

    def open(self, path, width=1500, height=1000, media=None, dark=False):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.call("Emulation.setEmulatedMedia", media=media or "", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        page.load("file://" + path)
        return page
