"""`python -m image_processor`."""

from image_processor.main import main

main()
