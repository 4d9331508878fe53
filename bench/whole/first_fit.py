"""The first fit of a process and its second: python -m bench.whole.first_fit FOLDER PEER VARIANT prints both."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.memory import peak
from bench.peers import prepared
from bench.problem import read

if __name__ == "__main__":
    folder, peer, variant = sys.argv[1:]
    problem = read(Path(folder))
    run = prepared(peer, variant, problem)
    first, second = run(problem.case.check)[0], run(problem.case.check)[0]
    print(json.dumps({"first": first, "second": second, "peak": peak()}))
