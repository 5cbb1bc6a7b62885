"""What the statements run on and what they give back."""

from typing import Any

import asyncpg

Row = Any  # asyncpg's Record is untyped
Executor = asyncpg.Connection | asyncpg.Pool
