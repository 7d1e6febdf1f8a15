"""`python -m reintegration` is the command `reintegration`."""

from reintegration.cli import main

main()
