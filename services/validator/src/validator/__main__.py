"""`python -m validator`."""

from validator.main import main

main()
