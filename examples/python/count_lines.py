"""An analyzer in ten lines: python3 count_lines.py http://127.0.0.1:8787 WORKSPACE CHECKOUT"""

import re
import subprocess
import sys
from forewarm_session import Session

gateway, workspace, checkout = sys.argv[1:] if len(sys.argv) == 4 else sys.exit(__doc__)
with Session(gateway, workspace, "count-lines", checkout) as session:
    listing = subprocess.check_output(["git", "ls-files", "-sz"], cwd=checkout).decode(errors="surrogateescape")
    files = re.findall(r"(?<![^\0])100\d{3} (\w+) 0\t([^\0]+)", listing)  # no links, no submodules
    lines = sum(session.read(path, version).count(b"\n") for version, path in files)
print(f"{lines} lines; reads: {session.outcomes}")
