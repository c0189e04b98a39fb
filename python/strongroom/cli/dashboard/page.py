"""The built page: the files that are served, and no others."""

import re
from pathlib import Path
from typing import NamedTuple

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class File(NamedTuple):
    """A file of the page: its content type, and its bytes."""

    kind: str
    data: bytes


def read_page(folder: Path) -> dict[str, File]:
    """Return the files of the page by the path that a browser asks for; none where there is no page.

    They are read here, once. A request is looked up in what this returns and never reaches the disk, so no spelling of
    `..`, no link and no absolute path leads anywhere.
    """
    files: dict[str, File] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or not re.fullmatch(r"[A-Za-z0-9._/-]+", name):
            continue
        files[f"/{name}"] = File(_KINDS.get(path.suffix, "application/octet-stream"), path.read_bytes())
    if "/index.html" not in files:
        return {}
    return {"/": files["/index.html"], **files}
