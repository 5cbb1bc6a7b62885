"""How a request fails, as the shop says it."""

Errors = tuple[tuple[int, str], ...]  # code and message of each
REQUEST_SOURCE = "/var/www/html/classes/webservice/WebserviceRequest.php"


class Failure(Exception):
    """The shop's "no": a status and a list of (code, message), PHP warnings among them.

    `hashed`: the answer carries the Content-Sha1 of nothing, which the picture paths of the shop send with
    errors.
    """

    def __init__(self, status: int, errors: Errors, *, hashed: bool = False) -> None:
        super().__init__(status, errors)
        self.status = status
        self.errors = errors
        self.hashed = hashed


class EmptyFailure(Exception):
    """A crash of the shop: 500, text/html, no body (database conflict, missing parent category)."""


def fail(status: int, code: int, message: str, *, hashed: bool = False) -> Failure:
    """A failure with one error."""
    return Failure(status, ((code, message),), hashed=hashed)


class BadQueryError(Failure):
    """An error of a read request. Some shops go on without their list and trip over it."""

    def followed_by(self, more: Errors) -> Failure:
        """The whole failure: a bad request, or a crash when more came after it."""
        return Failure(500 if more else 400, (*self.errors, *more))


def bad_query(code: int, message: str) -> BadQueryError:
    """An error of a read request."""
    return BadQueryError(400, ((code, message),))


def closest(wanted: str, known: list[str]) -> str:
    """What the shop proposes after "Did you mean": the last of the words at the smallest edit distance."""
    best, shortest = "", -1
    for word in known:
        distance = edit_distance(wanted, word)
        if shortest < 0 or distance <= shortest:
            best, shortest = word, distance
    return best


def edit_distance(left: str, right: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(right) + 1))
    for number, letter in enumerate(left, 1):
        previous, row[0] = row[0], number
        for place, other in enumerate(right, 1):
            previous, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, previous + (letter != other)),
            )
    return row[-1]


def did_you_mean(wanted: str, known: list[str]) -> str:
    """The shop's tail of a "does not exist" message."""
    listed = ", ".join(f'"{name}"' for name in known)
    return f'Did you mean: "{closest(wanted, known)}"? The full list is: {listed}'
