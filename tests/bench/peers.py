"""The servers to compare with: nginx + `git http-backend`, OpenSSH, stock git behind our front."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server: where it answers and the process below which its git runs."""

    url: str
    pid: int


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(port: int, seconds: float = 20) -> None:
    """Returns when something listens there."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a process group of its own, ended with everything below it."""
    child = subprocess.Popen(command, start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /ping {{ return 200 "pong"; }}
    location / {{
      fastcgi_pass unix:{folder}/fcgi.sock;
      fastcgi_read_timeout 600;
      fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param GIT_PROJECT_ROOT {root};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_USER bench;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param GIT_CONFIG_COUNT 1; fastcgi_param GIT_CONFIG_KEY_0 safe.directory;
      fastcgi_param GIT_CONFIG_VALUE_0 *;
    }}
  }}
}}
"""


@contextmanager
def nginx(root: Path, folder: Path) -> Iterator[Peer]:
    """nginx with fcgiwrap and git's own CGI over every repository below `root`."""
    folder.mkdir()
    port = free_port()
    execs = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    settings = NGINX.format(folder=folder, port=port, root=root, backend=f"{execs}/git-http-backend")
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(user + settings)
    wrap = [shutil.which("fcgiwrap") or "/usr/sbin/fcgiwrap", "-c", "24", "-s", f"unix:{folder}/fcgi.sock"]
    front = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(wrap, **quiet) as fcgi, running(front, **quiet):
        wait_for(port)
        yield Peer(f"http://127.0.0.1:{port}", fcgi.pid)


SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
AcceptEnv GIT_PROTOCOL
PidFile {folder}/sshd.pid
"""


@contextmanager
def openssh(public_key: Path, folder: Path) -> Iterator[Peer]:
    """sshd for the present user, with the usual settings; repositories are named by their folders."""
    folder.mkdir()
    port = free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host")], check=True)
    shutil.copy(public_key, folder / "authorized")
    (folder / "sshd.conf").write_text(SSHD.format(port=port, folder=folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd.conf")]
    with running(command, stderr=subprocess.DEVNULL) as daemon:
        wait_for(port)
        yield Peer(f"127.0.0.1:{port}", daemon.pid)


@contextmanager
def stock(root: Path, *, config: str = "") -> Iterator[Peer]:
    """git without hooks or policy behind the same ASGI callable; `config` is `name=value,...` for git."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.stock_app", str(root), str(port), config]
    with running(command) as child:
        wait_for(port)
        yield Peer(f"http://127.0.0.1:{port}", child.pid)
