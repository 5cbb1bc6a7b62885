"""How a request fails, as the shop says it."""


class Failure(Exception):
    """The shop's "no": a status and a list of (code, message), PHP warnings among them.

    `hashed`: the answer carries the Content-Sha1 of nothing, which the picture paths of the shop send with
    errors.
    """

    def __init__(self, status: int, errors: tuple[tuple[int, str], ...], *, hashed: bool = False) -> None:
        super().__init__(status, errors)
        self.status = status
        self.errors = errors
        self.hashed = hashed


NO_OFFSET = "[PHP Warning #2] Trying to access array offset on value of type bool"
REQUEST_SOURCE = "/var/www/html/classes/webservice/WebserviceRequest.php"
BROKEN_LIST = tuple((3, f"{NO_OFFSET} ({REQUEST_SOURCE}, line {line})") for line in range(1333, 1337))


class EmptyFailure(Exception):
    """A crash of the shop: 500, text/html, no body (database conflict, missing parent category)."""


def fail(status: int, code: int, message: str, *, hashed: bool = False) -> Failure:
    """A failure with one error."""
    return Failure(status, ((code, message),), hashed=hashed)


class BrokenRead(Failure):
    """An error of a read request: on PHP 8 the shop goes on without its list and trips over it four times."""

    def as_bad_request(self) -> Failure:
        """The same error where PHP does not trip."""
        return Failure(400, self.errors[:1])


def broken(code: int, message: str) -> BrokenRead:
    """An error of a read request."""
    return BrokenRead(500, ((code, message), *BROKEN_LIST))


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
