"""The whole engine as `callflows serve` runs it: settings, documents in a folder, callflow, log, outbox."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402 - after patching

from config.logging import configure  # noqa: E402
from config.sections import LogFormat, LogLevel  # noqa: E402
from service.collector import keep_collections_short  # noqa: E402
from service.stage import ACCOUNT, Stage  # noqa: E402
from storage.names import account_db  # noqa: E402

PROMPT = "silence_stream://100"


def main(port: int) -> None:
    """Serve until killed."""
    configure(LogLevel.INFO, LogFormat.JSON, sys.stderr)
    with tempfile.TemporaryDirectory(prefix="callflows-bench-") as directory:
        stage = Stage(Path(directory), port=port, max_calls=100_000)
        stage.recordings.mkdir()
        play = {"module": "play", "data": {"id": PROMPT}}
        document = {"pvt_type": "callflow", "numbers": ["1000"], "flow": {**play, "children": {}}}
        # The other servers play at once; Kazoo's pause after answering would be measured as slowness.
        stage.write("system_config", "callflow", {"default": {"post_answer_delay": 0}})
        stage.write("accounts", ACCOUNT, {"pvt_type": "account", "name": ACCOUNT})
        stage.write(account_db(ACCOUNT), "main", document)
        stage.engine().start()
        keep_collections_short()
        print("ready", flush=True)
        gevent.get_hub().join()


if __name__ == "__main__":
    main(int(sys.argv[1]))
