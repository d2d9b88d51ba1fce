"""An analyzer in ten lines: python3 count_lines.py http://127.0.0.1:8787 WORKSPACE CHECKOUT"""

import subprocess
import sys
from forewarm_session import Session

gateway, workspace, checkout = sys.argv[1:]
lines = 0
with Session(gateway, workspace, "count-lines", checkout) as session:
    for entry in subprocess.check_output(["git", "ls-files", "-s"], cwd=checkout, text=True).splitlines():
        _, version, _, path = entry.split(maxsplit=3)
        lines += session.read(path, version).count(b"\n")
print(f"{lines} lines; reads: {session.outcomes}")
