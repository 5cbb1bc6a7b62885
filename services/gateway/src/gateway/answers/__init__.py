"""What the routes answer, as types: the code is checked against them, and the document is made of them."""
