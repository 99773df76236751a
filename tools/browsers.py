"""Find the browsers of the tests: Chromium, Firefox, and WebKit, which is also in Safari.

Run as a script, print Debian's packages of what is missing for the tests in Chromium; with the word
`engines` after it, of what is missing for those in the others.
"""

import shutil
import sys
from glob import glob
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications")
APPLICATIONS = (
    MAC / "Google Chrome.app/Contents/MacOS/Google Chrome",
    MAC / "Chromium.app/Contents/MacOS/Chromium",
)
MINI_BROWSER = (
    "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"  # the window in which Debian's WebKit is driven
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


def find_firefox() -> str | None:
    """Return the path of Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def find_webkit() -> str | None:
    """Return the path of the browser that WebKit's driver drives, or None without either."""
    return next(iter(glob(MINI_BROWSER)), None) if shutil.which("WebKitWebDriver") else None


def missing() -> list[str]:
    """List Debian's packages that the tests in Chromium need and that are not there."""
    found = {
        "chromium": find_chromium(),
        "poppler-utils": shutil.which("pdftotext"),  # reads printed pages
    }
    return [package for package, path in found.items() if not path]


def missing_engines() -> list[str]:
    """List those that the tests in other engines need and that are not there."""
    found = {
        "firefox-esr": find_firefox(),
        "webkit2gtk-driver": find_webkit(),
        "xvfb": shutil.which("Xvfb"),  # a screen for WebKit
    }
    return [package for package, path in found.items() if not path]


if __name__ == "__main__":
    print(*(missing_engines() if "engines" in sys.argv else missing()))
