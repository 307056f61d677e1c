"""Templates compiled once for all the applications of a test run; else each would compile them anew."""

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class InMemory(BytecodeCache):
    """What was compiled, as long as this process lives; a template that changed is compiled again."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


def install() -> None:
    """Has every application that is made in this process from now on share what was compiled."""
    Flask.jinja_options = {"bytecode_cache": InMemory()}
