"""`python -m skuwire`."""

from skuwire.main import app

app()
