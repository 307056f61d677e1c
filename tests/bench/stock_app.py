"""`python -m tests.bench.stock_app ROOT PORT [NAME=VALUE,...]`: git over HTTP, nothing around it.

Whoever pushes is asked for credentials, as everywhere, and any will do: asking takes a request of its own.
"""

import re
import sys
from pathlib import Path
from typing import Any

import uvicorn

from hub.errors import Unauthenticated, text
from hub.gateway.git_http import GitTarget, git_http_app

ADDRESS = re.compile(r"/([\w.-]+\.git)/(info/refs|git-upload-pack|git-receive-pack)")

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="stock"'}


def main(root: Path, port: int, config: dict[str, str]) -> None:
    """Serves every repository below `root` to everybody."""

    async def resolve(scope: dict[str, Any]) -> GitTarget | None:
        match = ADDRESS.fullmatch(scope["path"])
        if match is None or not (root / match[1]).is_dir():
            return None
        is_known = any(name == b"authorization" for name, _ in scope["headers"])
        if b"receive-pack" in match[2].encode() + scope["query_string"] and not is_known:
            raise Unauthenticated(text("Who are you?"), headers=_CHALLENGE)
        services = frozenset({"git-upload-pack", "git-receive-pack"})
        return GitTarget(
            directory=root / match[1], path=match[2], services=services, environment={}, config=config
        )

    uvicorn.run(
        git_http_app(resolve), host="127.0.0.1", port=port, access_log=False, log_level="warning",
        http="httptools", loop="asyncio", server_header=False, date_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    pairs = [one.split("=", 1) for one in sys.argv[3].split(",") if one] if len(sys.argv) > 3 else []
    main(Path(sys.argv[1]), int(sys.argv[2]), dict(pairs))
