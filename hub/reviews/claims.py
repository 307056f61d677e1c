"""What a change says of the repository's commits, for whoever compares it with git. Pure."""

from hub.journal.kinds import Claims, Proposal
from hub.reviews.state import ChangeState


def claims_of(state: ChangeState) -> Claims:
    """Its patch sets and what it was merged as."""
    return Claims(
        target=state.target,
        merged_commit_id=state.merged_commit_id,
        proposals=tuple(
            Proposal(entry_id, one.author.partition("@")[2], one.number, one.label, one.commit_id)
            for entry_id, one in state.patch_sets.items()
        ),
    )
