"""The demo's AWS as a process: `python -m tui.demo.server [--seed N] [--speed X]`.

It prints one line of JSON when it is ready, `{"url": …}` or `{"error": …}`, and nothing else, ever. It lives until its
stdin ends, which it does however the parent ends, or until SIGTERM; ctrl-c belongs to the program in the terminal.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import shutil
import signal
import sys
import threading
import types
from collections import defaultdict
from pathlib import Path


def main() -> None:
    """Serves until the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m tui.demo.server")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, help="removed at the end, where the parent could not")
    given = parser.parse_args()

    def end(*_: object) -> None:
        # At once: there is nothing to save, and requests under way may take their time.
        if given.folder is not None:
            shutil.rmtree(given.folder, ignore_errors=True)
        os._exit(0)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)

    def wait_for_the_parent() -> None:
        while os.read(0, 4096):
            pass
        end()

    threading.Thread(target=wait_for_the_parent, name="parent", daemon=True).start()
    gc.disable()  # a third of the start would be spent looking for garbage that is not there
    try:
        url = serve(given.seed, given.speed)
    except ImportError as error:
        say({"error": f"the demo needs {error.name or error}: pip install 'sagetop[demo]'"})
    except Exception as error:  # whatever it is, the parent says it in one line
        say({"error": f"the demo could not start: {type(error).__name__}: {error}".splitlines()[0]})
    else:
        say({"url": url})
        gc.freeze()
        gc.enable()
        threading.Event().wait()


def say(answer: dict[str, str]) -> None:
    """The one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def serve(seed: int, speed: float) -> str:
    """Starts the server and the simulator in threads of their own, and says where the server is."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    _leave_out_ec2()
    from tui.demo.gaps import fill_gaps

    fill_gaps()
    from tui.demo.world import World

    class Handler(MotoRequestHandler):
        """Says nothing on stderr."""

        disable_nagle_algorithm = True  # headers and body are written apart: Nagle would hold the body for 40 ms

        def log(self, *_: object) -> None:
            pass

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    world = World(seed, speed)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    threading.Thread(target=world.run, name="world", daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def _leave_out_ec2() -> None:
    """Spares the import of moto's ECS and EC2: 0.8 s and 117 MB for services that the demo does not have.

    Application Auto Scaling asks ECS for its backend, and uses it only for targets of ECS.
    """
    nothing = types.ModuleType("moto.ecs")
    nothing.__dict__["ecs_backends"] = defaultdict(lambda: defaultdict(lambda: None))
    sys.modules.setdefault("moto.ecs", nothing)


if __name__ == "__main__":
    main()
