"""`python -m reintegration` is the command `reintegration`."""

import signal
import sys

if "--follow-stdin" in sys.argv:
    # Ctrl-C at a server's terminal reaches its worker too, which then ends with the server and not amid its imports.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

from reintegration.cli import main

main()
