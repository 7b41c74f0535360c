"""Unified diffs, the same from every Python: some lack the module for them. `core` is the agent's own namespace."""
CONTEXT = 3  # lines around a change
EDITS = 400  # more changes than this, and all between the first and the last is shown as replaced
LONGEST = 100000  # characters of a diff


def of_bytes(path, old, new):
    """What changes from one content to another; None stands for a file that is not there."""
    try:
        before, after = ((data or b"").decode("utf-8") for data in (old, new))
        if u"\0" in before or u"\0" in after:
            raise ValueError
    except ValueError:
        sizes = ["nothing" if data is None else "%d bytes" % len(data) for data in (old, new)]
        return u"Binary file %s: %s -> %s\n" % ((path,) + tuple(sizes))
    return of_text(path, before, after, old is None)


def of_text(path, before, after, is_new=False):
    """A unified diff of two texts; "" where they are the same."""
    steps = edits(cut(before), cut(after))
    parts = [u"--- %s\n+++ %s\n" % (u"/dev/null" if is_new else path, path)]
    size = 0
    for hunk in hunks(steps):
        for line in hunk:
            size += len(line)
            if size > LONGEST:
                parts.append(u"... more than %d characters\n" % LONGEST)
                return u"".join(parts)
            parts.append(line)
    return u"".join(parts) if len(parts) > 1 else u""


def cut(text):
    """Its lines with their ends; a line ends with LF alone."""
    lines = text.split(u"\n")
    return [line + u"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def edits(old, new):
    """(sign, line) for each line of either."""
    start, end = 0, 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start:len(old) - end], new[start:len(new) - end]
    middle = shortest(left, right)
    if middle is None:
        middle = [(u"-", line) for line in left] + [(u"+", line) for line in right]
    return [(u" ", line) for line in old[:start]] + middle + [(u" ", line) for line in old[len(old) - end:]]


def shortest(old, new):
    """The fewest changes, by the greedy algorithm of E. W. Myers, "An O(ND) difference algorithm" (1986); None: too many."""
    furthest, trail = {1: 0}, []
    for count in range(min(len(old) + len(new), EDITS) + 1):
        trail.append(dict(furthest))
        for k in range(-count, count + 1, 2):
            if k == -count or k != count and furthest[k - 1] < furthest[k + 1]:
                x = furthest[k + 1]
            else:
                x = furthest[k - 1] + 1
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
            furthest[k] = x
            if x >= len(old) and x - k >= len(new):
                return walked(old, new, trail)
    return None


def walked(old, new, trail):
    x, y, found = len(old), len(new), []
    for count in range(len(trail) - 1, -1, -1):
        furthest, k = trail[count], x - y
        down = k == -count or k != count and furthest[k - 1] < furthest[k + 1]
        before = furthest[k + 1] if down else furthest[k - 1] + 1
        while x > before and x > 0 and y > 0:
            x, y = x - 1, y - 1
            found.append((u" ", old[x]))
        if count and down:
            y -= 1
            found.append((u"+", new[y]))
        elif count:
            x -= 1
            found.append((u"-", old[x]))
    return found[::-1]


def hunks(steps):
    changed = [at for at, step in enumerate(steps) if step[0] != u" "]
    while changed:
        last = 0
        while last + 1 < len(changed) and changed[last + 1] - changed[last] <= 2 * CONTEXT:
            last += 1
        first, end = max(0, changed[0] - CONTEXT), changed[last] + CONTEXT + 1
        yield hunk(steps[:first], steps[first:end])
        changed = changed[last + 1:]


def hunk(before, steps):
    def place(sign):
        start = sum(1 for step in before if step[0] != sign)
        count = sum(1 for step in steps if step[0] != sign)
        start += 1 if count else 0
        return u"%d" % start if count == 1 else u"%d,%d" % (start, count)

    lines = [u"@@ -%s +%s @@\n" % (place(u"+"), place(u"-"))]
    for sign, line in steps:
        lines.append(sign + line + (u"" if line.endswith(u"\n") else u"\n\\ No newline at end of file\n"))
    return lines
