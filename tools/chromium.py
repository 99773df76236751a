"""Find an installed Chromium; run as a script, print its path or fail."""

import shutil
import sys
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications")
APPLICATIONS = (
    MAC / "Google Chrome.app/Contents/MacOS/Google Chrome",
    MAC / "Chromium.app/Contents/MacOS/Chromium",
)
# No background traffic of the browser's own; the sandbox does not work for root, as in a container.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """Return the path of the first Chromium or Chrome found, or None."""
    found = next(filter(None, map(shutil.which, COMMANDS)), None)
    return found or next((str(p) for p in APPLICATIONS if p.is_file()), None)


if __name__ == "__main__":
    sys.exit(print(find_chromium()) if find_chromium() else 1)
