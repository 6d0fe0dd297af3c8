"""The parts of a body that a stranger sends."""

from aiohttp import MultipartReader

_MOST_BEFORE = 8 * 1024
"""Bytes before the first part: browsers send none, old programs a line."""


class Parts(MultipartReader):
    """Begin soon. aiohttp looks for the first part line by line, for as long as there are any: empty ones would keep a core
    busy for a minute and more. What begins too late raises ValueError, like other parts that cannot be read."""

    async def _read_until_first_boundary(self) -> None:
        before = 0
        while before <= _MOST_BEFORE and (line := await self._content.readline()):
            if line.rstrip() in (self._boundary, self._boundary + b"--"):
                self._unread.append(line)
                return await super()._read_until_first_boundary()
            before += len(line)
        raise ValueError("the first part does not begin")
