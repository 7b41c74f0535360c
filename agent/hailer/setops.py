"""Operators of sets, for tunnels (each a set of one) and groups. The order of the left operand is kept.

`core` is the agent's own namespace.
"""


class SetOps(object):
    """Needs `_members()`: its tunnels, each once."""

    def _combined(self, other, choose):
        if not isinstance(other, SetOps):
            return NotImplemented
        mine, theirs = self._members(), other._members()
        return core.module("hailer.group").Group._of(choose(mine, theirs), self, other)

    def __or__(self, other):
        return self._combined(other, lambda mine, theirs: mine + [one for one in theirs if one not in mine])

    __add__ = __or__

    def __and__(self, other):
        return self._combined(other, lambda mine, theirs: [one for one in mine if one in theirs])

    def __sub__(self, other):
        return self._combined(other, lambda mine, theirs: [one for one in mine if one not in theirs])

    def __xor__(self, other):
        return self._combined(other, lambda mine, theirs: [one for one in mine if one not in theirs]
                              + [one for one in theirs if one not in mine])

    def union(self, other):
        return self | other

    def intersection(self, other):
        return self & other

    def difference(self, other):
        return self - other

    def symmetric_difference(self, other):
        return self ^ other
