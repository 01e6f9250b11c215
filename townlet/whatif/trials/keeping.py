"""The folder of a trial: its result, tables and report. It holds one plan, so that no plan is changed afterwards."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eventlog.folder import disk
from townlet.errors import ConfigurationError
from townlet.whatif.arrow_file import write_table
from townlet.whatif.trials.plan import Planned

if TYPE_CHECKING:
    from townlet.whatif.trials.result import TrialResult

PLAN: Final = "plan.json"
RESULT: Final = "result.json"
EFFECTS: Final = "effects.arrow"
TOWNS: Final = "towns.arrow"
REPORT: Final = "report.md"


def claim(folder: Path, plan: Planned) -> Path:
    """Make the folder and write the plan with its digest, before anything is run.

    Raises ConfigurationError where the folder has another plan, or other things than a trial, and OSError.
    """
    file = folder / PLAN
    if file.exists():
        try:
            earlier = json.loads(file.read_text(encoding="utf-8"))["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{file}: this is no plan of a trial. Next: another folder") from error
        if earlier != plan.digest:
            raise ConfigurationError(
                f"{folder} holds the trial of another plan, {str(earlier)[:16]}..., and this plan is "
                f"{plan.digest[:16]}...: a plan is made before its trial.\n  Next: another folder"
            )
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} holds other files and no trial. Next: another folder")
    folder.mkdir(parents=True, exist_ok=True)
    content = {"trial": plan.name, "sha256": plan.digest, "plan": plan.settings.model_dump(mode="json")}
    disk.replace_file(file, _json(content))
    return folder


def keep(found: "TrialResult", folder: Path) -> None:
    """Write the result, its tables and its report. Raises OSError."""
    for table, name in ((found.effects, EFFECTS), (found.towns, TOWNS)):
        write_table(table, folder / name)
    disk.replace_file(folder / REPORT, found.markdown().encode())
    disk.replace_file(folder / RESULT, _json(found.as_json()))


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
