"""Modules of the controller's library: the finder and the loader for what it pushed.

Sent in front of the first call that may import some of it. `core` is the agent's own namespace. The grammar of what is
pushed stands in the controller's library/parcel.rs.

Nothing here is asked of the controller unless it can have it: it has told the names at its roots, and what lies in each
package. `take` runs on the thread that reads frames, so it imports nothing, and runs nothing of the user's.
"""
import errno
import os
import sys

ROOT = "<lib>/"
roots = {}  # first part of a name -> "first", "usual", "last" or "script": who wins over whom
known = {}  # name -> Text
files = {}  # package -> what lies in it, with paths from there; "..." where that is not all
data = {}  # (package, path) -> bytes
replaced = {}  # name -> module that is out of date, for `rebind`
late = {}  # root -> whether what the host has wins


class Text(object):
    """One module as it was pushed: its kind, its text, and what it imports of the library."""

    def __init__(self, name, kind, text, needs):
        self.kind, self.text, self.needs = kind, text, needs
        path = ROOT + name.replace(".", "/")
        self.file = path + {"module": ".py", "package": "/__init__.py"}.get(kind, "/")
        self.folder = os.path.dirname(self.file)


# ---------------------------------------------------------------- what comes


def take(parcel):
    """Takes in what was pushed. What was replaced goes out of sys.modules, and so does what depends on it."""
    head, _, blobs = parcel.partition(b"\n\n")
    at, stale = 0, set()
    for line in core.native(head).split("\n"):
        words = line.split("\t")
        verb, name = words[0], words[1]
        if verb == "module":
            length = int(words[3])
            if name in known:
                stale.add(name)
            known[name] = Text(name, words[2], blobs[at:at + length], frozenset(words[4].split()))
            at += length
        elif verb == "data":
            length = int(words[3])
            data[name, words[2]] = blobs[at:at + length]
            at += length
        elif verb == "files":
            files[name] = frozenset(words[2:])
        elif verb == "gone":
            stale.add(name)
            known.pop(name, None)
            files.pop(name, None)
        elif verb == "old":
            data.pop((name, words[2]), None)
        elif verb == "roots":
            roots.clear()
            late.clear()
            roots.update(word.rpartition(":")[::2] for word in words[2:])
    if stale:
        forget(stale)


def forget(stale):
    grown = True
    while grown:
        more = [name for name in known if name not in stale and not stale.isdisjoint(known[name].needs)]
        grown = bool(more)
        stale.update(more)
    for name in stale:
        module = sys.modules.get(name)
        if type(getattr(module, "__loader__", None)) is not Loader:
            continue
        replaced[name] = sys.modules.pop(name)
        owner, _, tail = name.rpartition(".")
        if getattr(sys.modules.get(owner), tail, None) is module:
            delattr(sys.modules[owner], tail)
    if replaced:
        due()


def due():
    if rebind not in core.State.fresh:
        core.State.fresh.append(rebind)


def rebind(call):
    """Names of the session that stand for modules, functions and classes of an older text get those of the newer one.

    Where that cannot be imported, a call fails that has the name in its text; others go on with what there is.
    """
    core.State.fresh.remove(rebind)
    old, space, kept = dict(replaced), sys.modules["__main__"].__dict__, set()
    for name, value in list(space.items()):
        home, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
        if isinstance(own, str) and value is old.get(own):
            home, own = own, None
        elif not isinstance(home, str) or home not in old or old[home].__dict__.get(own) is not value:
            continue
        try:
            __import__(home)
            space[name] = getattr(sys.modules[home], own, value) if own else sys.modules[home]
        except BaseException:
            due()
            if name.encode("utf-8") in call.request:
                raise
            kept.add(home)
    for name in old:
        if name not in kept:
            replaced.pop(name, None)


def ask(what):
    """Asks the controller; what it answers was taken in before the answer is there."""
    if os.getpid() != core.PID:
        raise ImportError("a forked child cannot ask for modules of the library: import them before the fork")
    answer = core.Asked(core.IMPORT, what.encode("utf-8") if not core.PY2 else what)
    core.step_aside()
    answer.over.acquire()
    if answer.tag != core.VALUE:
        raise ImportError(core.native(answer.data))


# ---------------------------------------------------------------- finding


def find(name, is_late):
    """The text of a module, if the library is to give it."""
    root, _, _ = name.partition(".")
    if root not in roots or core.reads():
        return None
    owner, _, tail = name.rpartition(".")
    if owner:
        parent = sys.modules.get(owner)
        if type(getattr(parent, "__loader__", None)) is not Loader:
            # The host's own package: nothing of ours gets into it, unless it is a namespace that many may fill.
            if getattr(parent, "__file__", None) is not None:
                return None
        if name not in known and not lies_in(owner, tail):
            return None
    elif host_wins(root) and not is_late:
        return None
    if name not in known:
        ask("lib:" + name)
    text = known.get(name)
    if text is None or text.kind in ("module", "package"):
        return text
    if not is_late:
        return None  # of a namespace the host may have a part, and an extension it may have whole
    if text.kind == "refused":
        raise ImportError(core.native(text.text))
    return text


def lies_in(package, tail):
    there = files.get(package)
    if there is None:
        if package not in known:
            return False
        ask("lib:" + package)
        there = files.get(package, ())
    return "..." in there or tail + ".py" in there or any(
        path.startswith((tail + "/", tail + ".")) and (path[len(tail)] == "/" or path.endswith((".so", ".pyd")))
        for path in there)


def host_wins(root):
    """Whether what the host has under this name goes before the library's."""
    if root not in late:
        mode = roots[root]
        if mode == "script":  # in the agent that runs the script, what lies beside it is simply there
            mode = "last" if "hailer.script" in sys.modules else "usual"
        late[root] = mode == "last" or mode == "usual" and standard(root)
    return late[root]


def standard(name, names=set()):
    """Whether the standard library has a module of this name."""
    if hasattr(sys, "stdlib_module_names"):
        return name in sys.stdlib_module_names
    if not names:
        names.update(sys.builtin_module_names)
        folder = os.path.dirname(os.__file__)
        for place in (folder, os.path.join(folder, "lib-dynload")):
            if os.path.isdir(place):
                names.update(entry.partition(".")[0] for entry in os.listdir(place))
        names.discard("test")
    return name in names or name + "module" in names


class Finder(object):
    """In front of the host's own finders, and once more behind them."""

    def __init__(self, is_late):
        self.is_late = is_late

    def find_spec(self, name, path=None, target=None):
        if name == "importlib._common" and not self.is_late and sys.version_info[:2] == (3, 9):
            return taught(name, path)
        text = find(name, self.is_late)
        if text is None:
            return None
        from _frozen_importlib import ModuleSpec

        is_package = text.kind != "module"
        spec = ModuleSpec(name, Loader(name, text), origin=text.file, is_package=is_package)
        if is_package:
            spec.submodule_search_locations = [text.folder]
        spec.has_location = text.kind != "namespace"
        spec.cached = None
        return spec

    def find_module(self, name, path=None):  # 2.7
        if self.is_late and name.partition(".")[0] in roots and found_here(name, path):
            return None
        try:
            text = find(name, self.is_late)
        except ImportError as error:  # raised here, 2.7 would pass over it
            return Refusal(error)
        return text and Loader(name, text)


def found_here(name, path):
    """Whether 2.7 itself finds a module; there the finders behind come before its own."""
    import imp

    if path is None:
        core.run_site()
    try:
        found = imp.find_module(name.rpartition(".")[2], path)
    except ImportError:
        return False
    if found[0]:
        found[0].close()
    return True


# ---------------------------------------------------------------- loading


class Refusal(object):
    """Tells why a module cannot be had."""

    def __init__(self, error):
        self.error = error

    def load_module(self, name):
        raise self.error


class Loader(object):
    """Loads one module from its text."""

    def __init__(self, name, text):
        self.name, self.text = name, text
        self.package = name if text.kind != "module" else name.rpartition(".")[0]

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if self.text.kind != "namespace":
            exec(self.get_code(self.name), module.__dict__)

    def load_module(self, name):  # 2.7
        module = sys.modules.get(name)
        new = module is None
        if new:
            module = sys.modules[name] = type(sys)(name)
        module.__loader__ = self
        module.__package__ = self.package
        if self.text.kind != "namespace":
            module.__file__ = self.text.file
        if self.text.kind != "module":
            module.__path__ = [self.text.folder]
        try:
            self.exec_module(module)
        except BaseException:
            if new:
                sys.modules.pop(name, None)
            raise
        return sys.modules[name]

    def get_code(self, name):
        return compile(self.text.text, self.text.file, "exec", 0, True)

    def get_source(self, name):
        return source(self.text.text)

    def get_filename(self, name):
        return self.text.file

    def is_package(self, name):
        return self.text.kind != "module"

    def get_data(self, path):
        path = os.path.normpath(path)
        if path == self.text.file:
            return self.text.text
        folder = ROOT + self.package.replace(".", "/") + "/"
        if not path.startswith(folder):
            raise IOError(errno.ENOENT, "this is no file of the package %s" % self.package, path)
        return content(self.package, path[len(folder):])

    def get_resource_reader(self, name):
        return Reader(self.package) if self.text.kind != "module" else None


def source(text):
    """A text as people read it."""
    if core.PY2:
        return text
    from importlib.util import decode_source

    return decode_source(text)


def content(package, path):
    """The bytes of a file that lies in a package."""
    if (package, path) not in data:
        there = files.get(package, ())
        if path not in there and "..." not in there:
            raise IOError(errno.ENOENT, "the library has no such file in %s" % package, path)
        try:
            ask("data:%s/%s" % (package, path))
        except ImportError as error:
            raise IOError(errno.ENOENT, str(error), path)
    return data[package, path]


def line(file, number):
    """A line of a module of the library; None where it is none of ours."""
    if not file.startswith(ROOT):
        return None
    for text in list(known.values()):
        if text.file == file:
            lines = source(text.text).splitlines()
            return lines[number - 1] if 0 < number <= len(lines) else ""
    return None


class Resource(object):
    """A file or a folder of a package, as importlib.resources wants it."""

    def __init__(self, package, path=""):
        self.package, self.path = package, path

    def __repr__(self):
        return "<%s of %s in the library>" % (self.path or "the folder", self.package)

    @property
    def name(self):
        return (self.path or self.package.rpartition(".")[2]).rpartition("/")[2]

    def inside(self):
        prefix = self.path + "/" if self.path else ""
        there = files.get(self.package, ())
        return sorted(set(path[len(prefix):].partition("/")[0] for path in there if path.startswith(prefix)))

    def is_dir(self):
        return not self.path or bool(self.inside())

    def is_file(self):
        return self.path in files.get(self.package, ())

    def iterdir(self):
        return iter([self.joinpath(name) for name in self.inside() if name not in ("", "...")])

    def joinpath(self, *paths):
        path = os.path.normpath("/".join([self.path or "."] + [str(part) for part in paths]))
        return Resource(self.package, "" if path == "." else path)

    def __truediv__(self, path):
        return self.joinpath(path)

    def open(self, mode="r", *args, **kwargs):
        import io

        file = io.BytesIO(self.read_bytes())
        return file if "b" in mode else io.TextIOWrapper(file, *args, **kwargs)

    def read_bytes(self):
        return content(self.package, self.path)

    def read_text(self, encoding=None, errors=None):
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")


class Reader(object):
    """What importlib.resources asks for the files of a package."""

    def __init__(self, package):
        self.package = package

    def files(self):
        return Resource(self.package)

    def open_resource(self, name):
        return Resource(self.package, name).open("rb")

    def resource_path(self, name):
        raise IOError(errno.ENOENT, "the library's files lie on no disk of this host", name)

    def is_resource(self, name):
        return Resource(self.package, name).is_file()

    def contents(self):
        return Resource(self.package).inside()


class Taught(object):
    """Loads a module of 3.9's importlib, whose `files` asks no loader, and has it ask ours."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        plain = module.fallback_resources
        module.fallback_resources = lambda spec: Resource(spec.name) if type(spec.loader) is Loader else plain(spec)


def taught(name, path):
    from _frozen_importlib_external import PathFinder

    spec = PathFinder.find_spec(name, path)
    if spec is not None:
        spec.loader = Taught(spec.loader)
    return spec


sys.meta_path.insert(0, Finder(False))
sys.meta_path.append(Finder(True))
