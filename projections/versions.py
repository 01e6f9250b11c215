"""The version of each projection that is kept on disk: raised when the same events fold to something else, or what was
kept means something else, for a reason that its sources' digest does not show."""

from typing import Final

VERSIONS: Final = {"town": 1, "tie_changes": 1, "reward_marks": 1, "narrations": 1}
