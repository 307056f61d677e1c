"""Peers that keep an index of their own: PostgreSQL with pg_trgm, and tantivy with grams of three."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from hub.search.code.finding import PAGE_FILES
from hub.search.engine.globs import glob_regex
from tests.bench.peers import running
from tests.bench.search.questions import Question
from tests.bench.search.texts import Texts

_AT_ONCE = 60


def postgresql_folder() -> Path | None:
    """Where the programs of PostgreSQL are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """A cluster of its own on a socket in a temporary folder, without waiting for disks; how to reach it."""
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    folder.chmod(0o755)
    data, as_whom = folder / "data", []
    data.mkdir()
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root.
        shutil.chown(data, "postgres")
        as_whom = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    make = [str(programs / "initdb"), "--username=bench", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    make += ["--locale=C.UTF-8", f"--pgdata={data}/cluster"]
    options = {"cwd": data, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    settings = (
        "listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "jit=off",
        "shared_buffers=512MB", "maintenance_work_mem=512MB", "max_wal_size=4GB",
        "max_parallel_workers_per_gather=0", "max_parallel_maintenance_workers=0", "autovacuum=off",
    )  # fmt: skip
    serve = [str(programs / "postgres"), "-D", f"{data}/cluster", "-k", str(data)]
    for one in settings:
        serve += ["-c", one]
    try:
        subprocess.run([*as_whom, *make], check=True, **options)  # type: ignore[call-overload]
        with running([*as_whom, *serve], **options):
            yield _await(f"host={data} user=bench dbname=postgres")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(address: str) -> str:
    for _ in range(100):
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return address
    raise RuntimeError("PostgreSQL does not answer")


class Trigrams:
    """A table of texts with an index of pg_trgm; every matching file."""

    name = "pg_trgm"

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)

    def build(self, texts: Texts) -> None:
        """Fills the table and makes the index."""
        run = self._connection.execute
        run("CREATE EXTENSION pg_trgm")
        run("CREATE TABLE files (path text, content text)")
        with self._connection.cursor().copy("COPY files FROM STDIN") as copy:
            for one in texts.files:
                copy.write_row((one.path, one.content.decode("utf-8", "replace")))
        run("CREATE INDEX ON files USING gin (content gin_trgm_ops)")
        run("VACUUM ANALYZE files")

    @property
    def size_bytes(self) -> int:
        """The bytes of table and index."""
        row = self._connection.execute("SELECT pg_total_relation_size('files')").fetchone()
        return int(row[0]) if row else 0

    def find(self, question: Question) -> int:
        """As many as the database says match."""
        tests, values = [], []
        for one in question.words:
            if question.is_regex:
                tests.append("content ~ %s")
                # What RE2 calls an edge of a word; `.` stays in its line.
                values.append("(?n)" + one.replace(r"\b", r"\y"))
            else:
                tests.append("content LIKE %s" if question.is_exact else "content ILIKE %s")
                values.append("%" + re.sub(r"([\\%_])", r"\\\1", one) + "%")
        if question.glob:
            tests.append("path ~ %s")
            values.append(glob_regex(question.glob))
        found = self._connection.execute(
            f"SELECT path FROM files WHERE {' AND '.join(tests)}",
            values,
        )
        return len(found.fetchall())

    def close(self) -> None:
        """Lets go of the connection."""
        self._connection.close()


class Tantivy:
    """tantivy with grams of three and stored texts: of the first sixty that hold every gram a page is read.

    Not ranked by what is in them, without lines, and short of files where more than these hold the grams.
    """

    name = "tantivy"

    def __init__(self, module: Any, folder: Path) -> None:  # the package, where it is installed
        self._module = module
        schema = module.SchemaBuilder()
        schema.add_text_field("path", stored=True, tokenizer_name="raw")
        schema.add_text_field("content", stored=True, tokenizer_name="grams", index_option="basic")
        self._schema = schema.build()
        folder.mkdir()
        self._index = module.Index(self._schema, path=str(folder))
        grams = module.TextAnalyzerBuilder(module.Tokenizer.ngram(3, 3)).filter(module.Filter.lowercase())
        self._index.register_tokenizer("grams", grams.build())
        self._searcher: Any = None

    def build(self, texts: Texts) -> None:
        """Adds every text in one thread."""
        writer = self._index.writer(heap_size=512_000_000, num_threads=1)
        for one in texts.files:
            content = one.content.decode("utf-8", "replace")
            writer.add_document(self._module.Document(path=one.path, content=content))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def find(self, question: Question) -> int:
        """At most a page of them."""
        module = self._module
        folded = [one.lower() for one in question.words]
        grams = {one[at : at + 3] for one in folded for at in range(len(one) - 2)}
        terms = [(module.Occur.Must, module.Query.term_query(self._schema, "content", one)) for one in grams]
        glob = re.compile(glob_regex(question.glob)) if question.glob else None
        found = 0
        for _, address in self._searcher.search(module.Query.boolean_query(terms), _AT_ONCE).hits:
            held = self._searcher.doc(address)
            if glob is not None and not glob.search(held["path"][0]):
                continue
            content = held["content"][0]
            if question.is_exact:
                found += all(one in content for one in question.words)
            else:
                content = content.lower()
                found += all(one in content for one in folded)
            if found == PAGE_FILES:
                break
        return found
