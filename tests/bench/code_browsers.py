"""cgit and gitweb as Debian has them, behind nginx and fcgiwrap, over one repository of the hub."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers import free_port, running, wait_for

CGIT, FILTER = Path("/usr/lib/cgit/cgit.cgi"), Path("/usr/lib/cgit/filters/syntax-highlighting.py")
GITWEB = Path("/usr/lib/cgi-bin/gitweb.cgi")

# gzip as its manual advises, so that the peers' pages weigh what they can.
NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  types {{ text/css css; text/javascript js; image/png png; }}
  gzip on; gzip_types text/css text/javascript; gzip_proxied any;
  fastcgi_buffers 64 16k; fastcgi_read_timeout 600;
  server {{
    listen 127.0.0.1:{cgit};
    location ~ ^/cgit\\.(css|png)$ {{ root /usr/share/cgit; }}
    location / {{
      fastcgi_pass unix:{folder}/fcgi.sock;
      fastcgi_param SCRIPT_FILENAME {cgit_program}; fastcgi_param CGIT_CONFIG {folder}/cgitrc;
      fastcgi_param PATH_INFO $uri; {more}
    }}
  }}
  server {{
    listen 127.0.0.1:{gitweb};
    location /static/ {{ root /usr/share/gitweb; }}
    location / {{
      fastcgi_pass unix:{folder}/fcgi.sock;
      fastcgi_param SCRIPT_FILENAME {gitweb_program}; fastcgi_param GITWEB_CONFIG {folder}/gitweb.conf;
      fastcgi_param SCRIPT_NAME /; {more}
    }}
  }}
}}
"""
MORE = """fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param SERVER_NAME localhost; fastcgi_param SERVER_PORT $server_port;
      fastcgi_param HTTP_HOST $http_host; fastcgi_param PATH $PATH$; fastcgi_param GIT_CONFIG_COUNT 1;
      fastcgi_param GIT_CONFIG_KEY_0 safe.directory; fastcgi_param GIT_CONFIG_VALUE_0 *;"""

CGITRC = """
css=/cgit.css
logo=/cgit.png
favicon=
virtual-root=/
max-commit-count=50
enable-commit-graph=0
{filter}
repo.url=large
repo.path={repository}
"""
GITWEB_CONF = """
$projectroot = "{projects}";
$git_temp = "{folder}";
@stylesheets = ("/static/gitweb.css"); $javascript = "/static/gitweb.js";
$logo = "/static/git-logo.png"; $favicon = "/static/git-favicon.png";
$feature{{'highlight'}}{{'default'}} = [1];
"""


@dataclass(frozen=True, slots=True)
class CodeBrowsers:
    """Where each of them shows the repository."""

    cgit: str
    gitweb: str

    def cgit_page(self, page: str) -> str:
        """`log/`, `tree/x`: a page of cgit."""
        return f"{self.cgit}/large/{page}"

    def gitweb_page(self, **query: str) -> str:
        """A page of gitweb by its parameters (`a` is the action)."""
        pairs = ";".join(f"{name}={value}" for name, value in query.items())
        return f"{self.gitweb}/?p=large.git;{pairs}"


@contextmanager
def code_browsers(repository: Path, folder: Path, *, highlights: bool = True) -> Iterator[CodeBrowsers]:
    """Both, with the settings that Debian ships, highlighting as their manuals say, and gzip."""
    for program in (CGIT, GITWEB, FILTER):
        if not program.exists():
            raise SystemExit(f"{program} is missing; Debian: apt-get install cgit gitweb highlight")
    projects = folder / "projects"
    projects.mkdir(parents=True)
    (projects / "large.git").symlink_to(repository)
    cgit, gitweb = free_port(), free_port()
    (folder / "highlight").write_text(f'#!/bin/sh\nexec {sys.executable} {FILTER} "$@"\n')
    (folder / "highlight").chmod(0o755)
    chosen = f"source-filter={folder}/highlight" if highlights else ""
    (folder / "cgitrc").write_text(CGITRC.format(filter=chosen, repository=repository))
    (folder / "gitweb.conf").write_text(GITWEB_CONF.format(projects=projects, folder=folder))
    settings = NGINX.format(
        folder=folder, cgit=cgit, gitweb=gitweb, cgit_program=CGIT, gitweb_program=GITWEB,
        more=MORE.replace("$PATH$", os.environ["PATH"]),
    )  # fmt: skip
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(user + settings)
    wrap = [shutil.which("fcgiwrap") or "/usr/sbin/fcgiwrap", "-c", "4", "-s", f"unix:{folder}/fcgi.sock"]
    front = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(wrap, **quiet), running(front, **quiet):
        wait_for(cgit)
        wait_for(gitweb)
        yield CodeBrowsers(f"http://127.0.0.1:{cgit}", f"http://127.0.0.1:{gitweb}")
