"""One line in a text file. `core` is the agent's own namespace."""
import re

diff = core.module("hailer.diff")
atomic = core.module("hailer.atomic")
tool = core.module("hailer.tool")


def numbers(name, **members):
    """An IntEnum; on 2.7 a class of plain numbers."""
    try:
        import enum
    except ImportError:
        return type(name, (object,), dict(members, __module__=__name__))
    made = enum.IntEnum(name, sorted(members.items(), key=lambda member: member[1]))
    made.__module__ = __name__
    return made


# Which of the lines that match are replaced.
LineInFileMatch = numbers("LineInFileMatch", FIRST=0, ALL=1)


def line_in_file(path, line, regexp, strip, create, match, follow, check):
    """See FileSystem.line_in_file."""
    line = tool.text_of(line, "line").rstrip(u"\r\n")
    if u"\n" in line:
        raise ValueError("a line has no newline in it")
    if match not in (0, 1):
        raise ValueError("match is LineInFileMatch.FIRST or ALL, not %r" % (match,))
    path, found = atomic.place(path, follow)
    if found is None and not create:
        raise IOError(2, "File %s does not exist" % path, path)
    old = atomic.read(path) if found else b""
    codec, errors = codec_of(old)
    before = old.decode(codec, errors)
    after = changed(before, line, regexp, strip, match)
    new = after.encode(codec, errors)
    if new == old and found:
        return u""
    words = diff.of_text(atomic.shown(path), before, after, found is None)
    if not check:
        atomic.replace(path, new, found)
    return words


def codec_of(data):
    """How a file is read so that all of it can be written back."""
    if not core.PY2:
        return "utf-8", "surrogateescape"
    try:
        data.decode("utf-8")
        return "utf-8", "strict"
    except UnicodeDecodeError:
        return "latin-1", "strict"


def changed(text, line, regexp, strip, match):
    """The text with that line in it. Line ends stay what they are."""
    lines = text.split(u"\n")
    last = lines.pop()  # what stands behind the last newline
    ends = [u"\r\n" if one.endswith(u"\r") else u"\n" for one in lines]
    bare = [one[:-1] if one.endswith(u"\r") else one for one in lines]
    if last:
        bare.append(last)
        ends.append(u"")
    usual = u"\r\n" if ends.count(u"\r\n") > ends.count(u"\n") else u"\n"
    if regexp is not None:
        pattern = re.compile(regexp)
        hits = [at for at, one in enumerate(bare) if pattern.search(one)]
        if hits:
            for at in hits if match else hits[:1]:
                bare[at] = line
            return u"".join(map(u"".join, zip(bare, ends)))
    wanted = line.strip() if strip else line
    if any((one.strip() if strip else one) == wanted for one in bare):
        return text
    if ends and ends[-1]:
        return text + line + usual
    return text + (usual if bare else u"") + line
