"""authorized_keys, edited as root in a folder that belongs to somebody else. `core` is the agent's own namespace.

That person may put links in our way at any moment. So the folder is opened once, and no link is followed to it; all that
happens then happens in that folder, by way of /proc/self/fd; the new file takes the place of whatever is there.
"""
import binascii
import errno
import os
import re
import stat
import struct

atomic = core.module("hailer.atomic")
plan = core.module("hailer.plan")
tool = core.module("hailer.tool")
KIND = re.compile(r"(ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+\Z")
# A word of a line; blanks in quotes belong to it, as options have them.
WORD = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^\s"])+')


def settle(steps, who, key, exclusive, absent):
    """Puts the keys of a text into the file of a person, or takes them out."""
    if exclusive and absent:
        raise ValueError("a key cannot be the only one, and absent")
    wanted = [line.strip() for line in key.splitlines() if line.strip() and not line.strip().startswith("#")]
    if not wanted or None in map(identity, wanted):
        raise ValueError("%r is no line of authorized_keys: [options] type key [comment]" % (key,))
    if os.geteuid() not in (0, who.pw_uid):
        tool.need_root("User.authorized_key for another user")
    name = os.path.join(who.pw_dir, ".ssh", "authorized_keys")
    folder = enter(steps, who)
    try:
        path = "/proc/self/fd/%d/authorized_keys" % folder if folder is not None else "/nonexistent/authorized_keys"
        old, now = plan.read(path, name)
        text = plan.text_of(old or b"")
        new = merged(text, wanted, exclusive, absent)
        if new == text and (absent or now and (now.st_uid, now.st_gid) == who[2:4] and not now.st_mode & 0o7133):
            return
        steps.write(path, plan.bytes_of(new), 0o600, who[2:4], name, replace)
    finally:
        if folder is not None:
            os.close(folder)


def identity(line):
    """What makes a key the one that it is: its type and its number. None where a line holds no key."""
    words = WORD.findall(line)
    for at, word in enumerate(words[:2]):
        if KIND.match(word) and at + 1 < len(words):
            try:
                blob = binascii.a2b_base64(words[at + 1])
            except (ValueError, binascii.Error):
                return None
            # The type stands in front of the number once more.
            return (word, blob) if blob.startswith(struct.pack(">I", len(word)) + word.encode("ascii")) else None
    return None


def merged(text, wanted, exclusive, absent):
    """The file's text with these keys in it, alone, or out of it."""
    keys = [identity(line) for line in wanted]
    if exclusive:
        kept = [line.strip() for line in text.splitlines() if line.strip()]
        return text if kept == wanted else "".join(line + "\n" for line in wanted)
    lines, placed = [], set()
    for line in text.splitlines():
        key = None if line.lstrip().startswith("#") else identity(line)
        if key not in keys or key is None:
            lines.append(line)
        elif not absent and key not in placed:
            placed.add(key)
            right = wanted[keys.index(key)]
            lines.append(line if line.strip() == right else right)
    if not absent:
        for line, key in zip(wanted, keys):
            if key not in placed:
                placed.add(key)
                lines.append(line)
    if lines == text.splitlines():
        return text
    return "".join(line + "\n" for line in lines)


def enter(steps, who):
    """A descriptor of the person's ~/.ssh, which is made where it is absent; None where it would be."""
    home = os.open(who.pw_dir, os.O_RDONLY | os.O_DIRECTORY)
    name = os.path.join(who.pw_dir, ".ssh")
    try:
        path = "/proc/self/fd/%d/.ssh" % home
        try:
            made = os.lstat(path)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            made = None
            steps.tell("%s/: mode 0700, owner %d:%d" % (name, who.pw_uid, who.pw_gid))
            if steps.check:
                return None
            os.mkdir(path, 0o700)
        if made is not None and stat.S_ISLNK(made.st_mode):
            raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed", name)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    finally:
        os.close(home)
    now = os.fstat(folder)
    if made is None:
        os.fchown(folder, who.pw_uid, who.pw_gid)
        os.fchmod(folder, 0o700)
    elif now.st_uid not in (0, who.pw_uid) or now.st_mode & 0o022:
        os.close(folder)
        raise OSError(errno.EPERM, "it belongs to somebody else, or others may write there: sshd would not read it", name)
    return folder


def replace(path, data, mode, owner):
    """As atomic.replace() does it, but with nothing left that could be led astray: a path below a descriptor is never resolved."""
    beside = "%s.hailer-%d-%x" % (path, os.getpid(), core.thread.get_ident())
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        try:
            atomic.put(file, data)
            os.fchown(file, *owner)
            os.fchmod(file, mode)
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    atomic.sync(os.path.dirname(path))
