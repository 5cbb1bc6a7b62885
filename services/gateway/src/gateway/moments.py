"""Moments in queries."""

from datetime import UTC, datetime

MOMENT_FORM = "Must be a time such as 2026-05-01T08:00:00Z."


def moment(text: str) -> datetime | None:
    """A moment in ISO 8601; without an offset it is UTC. None where the text is none."""
    try:
        time = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not encoded
    except ValueError:
        return None
    if not 1970 <= time.year <= 9000:  # an offset must not lead beyond what can be told
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
