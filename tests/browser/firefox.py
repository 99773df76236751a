"""Debian's Firefox for Playwright: a program that is Firefox, and excuses what that cannot emulate.

Playwright drives any Firefox by WebDriver BiDi, and first tells it which colours a page may prefer.
Firefox ESR does not know this command, and Playwright then gives up. So this program stands between
the two: where Firefox does not know a command for an emulation, Playwright hears that it was done.
"""

import asyncio
import json
import re
import subprocess
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from tools.browsers import find_firefox

ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
LARGEST = 1 << 30  # bytes of a message


class Session(WebSocketHandler):
    """Hands messages on, in both directions."""

    def initialize(self, firefox: str):
        self.firefox = firefox
        self.emulations: set[int] = set()

    async def open(self, *args):
        self.other = websocket_connect(
            f"{self.firefox}/session", on_message_callback=self.answer, max_message_size=LARGEST
        )

    async def on_message(self, message):
        command = json.loads(message)
        if command["method"].startswith("emulation."):
            self.emulations.add(command["id"])
        await (await self.other).write_message(message)

    def answer(self, message: str | None):
        if message is None:
            return self.close()
        reply = json.loads(message) if self.emulations else {}
        if reply.get("id") in self.emulations:
            self.emulations.discard(reply["id"])
            if reply.get("error") == "unknown command":
                message = json.dumps({"type": "success", "id": reply["id"], "result": {}})
        self.write_message(message)


async def main() -> int:
    """Start Firefox with the arguments of this program, and stand between it and Playwright."""
    firefox = subprocess.Popen([find_firefox(), *sys.argv[1:]], stderr=subprocess.PIPE, text=True)
    for line in firefox.stderr:
        if found := ADDRESS.search(line):
            break
        sys.stderr.write(line)
    else:
        return firefox.wait()
    sockets = bind_sockets(0, "127.0.0.1")
    about = {"firefox": found[1]}
    application = Application([("/session", Session, about)], websocket_max_message_size=LARGEST)
    HTTPServer(application).add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    print(f"WebDriver BiDi listening on ws://127.0.0.1:{port}", file=sys.stderr, flush=True)
    await asyncio.to_thread(firefox.stderr.read)  # until it ends
    return firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
