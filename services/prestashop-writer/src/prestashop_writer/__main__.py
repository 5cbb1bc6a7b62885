"""`python -m prestashop_writer`."""

from prestashop_writer.main import main

main()
