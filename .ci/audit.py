#!/usr/bin/env python3
"""Looks up every package of constraints.txt among the known vulnerabilities, by pip-audit; called by `make audit`.

Exits with code 0 if none is known, 1 if some are, and 2 if the source of vulnerabilities did not answer for all.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv" / "audit"
"""pip-audit has an environment of its own: its packages are not ours."""

AUDITOR = "pip-audit==2.10.1"


def main() -> int:
    """Audit, and print what was found, one line a vulnerability."""
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
    install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", AUDITOR]
    if subprocess.run(install, check=False).returncode:
        sys.stderr.write(f"audit: {AUDITOR} cannot be installed; nothing was audited\n")
        return 2
    command = [python, "-m", "pip_audit", "-r", ROOT / "constraints.txt", "--no-deps", "--disable-pip"]
    command += ["-f", "json", "--progress-spinner", "off"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        sys.stderr.write(f"audit: the source of vulnerabilities does not answer:\n{ran.stderr.strip()[-800:]}\n")
        return 2
    known = [(each, fault) for each in packages for fault in each.get("vulns", ())]
    for package, fault in known:
        mended = ", ".join(fault["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}\n")
    silent = [each["name"] for each in packages if "skip_reason" in each]
    looked_up = len(packages) - len(silent)
    sys.stdout.write(f"audit: {looked_up} of {len(packages)} packages looked up, {len(known)} vulnerabilities known\n")
    if silent:
        sys.stderr.write(f"audit: the source does not answer for {len(silent)} packages, such as {silent[0]}\n")
    return 1 if known else 2 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
