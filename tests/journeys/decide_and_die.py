"""Opens a folder, runs a model, answers the first finding, and is killed as soon as the key press has returned.

    CASESTAGE_HOME=<home> python tests/journeys/decide_and_die.py FOLDER MODEL

Prints the finding's id before it dies.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.journeys.reader import Reader
from viewer.domain.decision import Answer


def main() -> None:
    reader = Reader()
    reader.open(Path(sys.argv[1]))
    reader.run(sys.argv[2])
    reader.desk.reviewing.next()
    finding = reader.arrive()
    sys.stdout.write(finding.id)
    sys.stdout.flush()
    reader.desk.reviewing.decide(Answer.REJECTED)
    os.kill(os.getpid(), signal.SIGKILL)


# A model's process is started from this file again, and must not do the same.
if __name__ == "__main__":
    main()
