"""What git's children are told: the settings of the hub as `-c`, and an environment built from nothing."""

import os
import re
from collections.abc import Iterable, Mapping

from hub.gateway.git_service import GitTarget, RepositoryPolicy

JOURNAL = "refs/hub"
HIDDEN_NAMESPACES = (JOURNAL, "refs/changes", "refs/pull")
"""Refs that only the hub moves, and that a usual clone does not want."""
_UNSEEN_NAMESPACES = ("refs/hub-broken", "refs/hub-from")
"""Refs that the hub keeps for itself: what was put aside as damaged, and what another hub's journal said."""

_PROTOCOL = re.compile(r"[a-z0-9.-]+(=[a-zA-Z0-9._-]*)?(:[a-z0-9.-]+(=[a-zA-Z0-9._-]*)?)*")
_LONGEST_PROTOCOL = 200

# The repository was chosen by whoever made the target; that its files belong to another user (a fork's
# origin, a mounted disk) is no reason to refuse. Maintenance never runs during a push: it is scheduled.
_ALWAYS = {"safe.directory": "*", "receive.autogc": "false"}

# core.fsync and unpackLimit: one pack a push makes a constant number of files to flush, and a large push
# is three times faster than with loose objects. Faults that only old histories have are let through.
_RECEIVE = {
    "core.fsync": "committed",
    "core.fsyncMethod": "fsync",
    "core.filesRefLockTimeout": "10000",
    "core.packedRefsTimeout": "10000",
    "core.alternateRefsCommand": "true",  # a fork does not advertise its origin's refs
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "1",
    "transfer.unpackLimit": "1",
    "receive.unpackLimit": "1",
    "receive.fsckObjects": "true",
    "receive.fsck.badFilemode": "ignore",
    "receive.fsck.badTimezone": "ignore",
    "receive.fsck.missingSpaceBeforeDate": "ignore",
    "receive.fsck.zeroPaddedDate": "ignore",
    "receive.fsck.zeroPaddedFilemode": "ignore",
    "receive.procReceiveRefs": "refs",
    "receive.advertisePushOptions": "true",
    "receive.advertiseAtomic": "true",
}

# Wants of protocol v2 are checked by us, those of older ones by git. object-info tells the sizes of objects
# that the viewer may not see, sparse:oid what is in them.
_UPLOAD = {
    "core.packedRefsTimeout": "10000",
    "pack.threads": "1",
    "transfer.advertiseObjectInfo": "false",
    "uploadpack.allowAnySHA1InWant": "false",
    "uploadpack.allowTipSHA1InWant": "false",
    "uploadpack.allowReachableSHA1InWant": "false",
    "uploadpack.allowRefInWant": "false",
    "uploadpack.allowFilter": "true",
    "uploadpackfilter.sparse:oid.allow": "false",
}


def settings(target: GitTarget, service: str, hidden: Iterable[str] = ()) -> list[str]:
    """The `-c name=value` arguments for one child; `hidden` are namespaces kept from a fetch.

    With no policy the repository's own configuration rules. What the target adds comes last and wins.
    """
    arguments = _options(_ALWAYS)
    if target.policy is not None:
        if service == "git-receive-pack":
            arguments += _receive_settings(target, target.policy)
        else:
            arguments += _options(_UPLOAD)
            arguments += _hide("uploadpack", [*_UNSEEN_NAMESPACES, *hidden])
    return arguments + _options(target.config)


def _receive_settings(target: GitTarget, policy: RepositoryPolicy) -> list[str]:
    own = {
        **_RECEIVE,
        "core.hooksPath": str(policy.hooks),
        "receive.maxInputSize": str(target.limits.max_push_bytes),
    }
    # Hidden from a push, these refs are read-only for it, and its advertisement stays small.
    return _options(own) + _hide("receive", [*HIDDEN_NAMESPACES, *_UNSEEN_NAMESPACES])


def _hide(section: str, namespaces: Iterable[str]) -> list[str]:
    return [part for name in namespaces for part in ("-c", f"{section}.hideRefs={name}")]


def _options(values: Mapping[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]


def environment(target: GitTarget, protocol: str) -> dict[str, str]:
    """The environment of one child, without a variable of the server's own but PATH.

    `protocol` is what the client sent as Git-Protocol, or as GIT_PROTOCOL over SSH; it is ignored unless
    it is well formed (git(1)). The target's additions win. Whoever moves refs is named in reflogs as
    git-http-backend(1) names them, unless the target does.
    """
    result = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    if len(protocol) <= _LONGEST_PROTOCOL and _PROTOCOL.fullmatch(protocol):
        result["GIT_PROTOCOL"] = protocol
    result.update(target.environment)
    user = result.get("REMOTE_USER") or "anonymous"
    result.setdefault("GIT_COMMITTER_NAME", user)
    result.setdefault("GIT_COMMITTER_EMAIL", f"{user}@http.{result.get('REMOTE_ADDR') or '(none)'}")
    return result


def protocol_version(environ: Mapping[str, str]) -> int:
    """The protocol version that git will speak in this environment: the highest known one of the list."""
    known = {"version=1": 1, "version=2": 2}
    return max(known.get(item, 0) for item in environ.get("GIT_PROTOCOL", "").split(":"))
