"""The file by which `ssh-keygen -Y verify` judges signatures of entries and receipts by itself. Pure."""

from collections.abc import Iterator

from hub.journal.keys.public_keys import wire_form
from hub.journal.ring import Ring
from hub.signing import ENTRY, RECEIPT
from hub.ssh_signatures import is_key


def allowed_signers(ring: Ring) -> str:
    """A line for each good key, as ssh-keygen(1) describes it under ALLOWED SIGNERS.

    A withdrawn key has none, not even one that ends: what ends it is the number of a receipt, while
    ssh-keygen goes by dates, which whoever stole the key can set back.
    """
    return "".join(f"{line}\n" for line in sorted(_lines(ring)))


def _lines(ring: Ring) -> Iterator[str]:
    for (holder, fingerprint), key in ring.keys.items():
        namespace = ENTRY if "@" in holder else RECEIPT
        if key.withdrawn_in is not None:
            yield f"# withdrawn: {holder} {fingerprint}"
        elif is_key(wire_form(key.public)):
            yield f'{holder} namespaces="{namespace}" {key.public}'
