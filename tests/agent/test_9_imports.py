"""Number 9 of the acceptance list: imports. The library is one of this file's own, pushed as the controller does."""
import zlib

from case import Case
from client import CLOSE, ITEM, Agent, payload

ZLIB = 0x40
OURS, LIBRARY = 0, 1


class Librarian(Agent):
    """An agent, and a library at this end: what is pushed, and what is answered when it asks."""

    def __init__(self, **options):
        Agent.__init__(self, **options)
        self.wishes = []
        self.shelf = {}  # what can be asked for: wish -> parcel

    def frame(self, kind, flags, channel, body):
        if kind == 1 and flags & 15 == 2 and b":" in body:
            wish = body.decode("utf-8")
            self.wishes.append(wish)
            if wish not in self.shelf:
                return self.message(CLOSE, 3, channel, b"the library has no " + body)
            self.push(self.shelf[wish])
            return self.message(CLOSE, 0, channel, b"")
        Agent.frame(self, kind, flags, channel, body)

    def boot(self):
        Agent.boot(self)
        self.message(ITEM, OURS, 0, b"hailer.imports\0" + payload("imports.py"))
        return self

    def push(self, parcel):
        self.message(ITEM, LIBRARY | ZLIB, 0, zlib.compress(parcel))


def parcel(*lines):
    """A parcel of tuples: words, and the bytes of those that have some."""
    head, blobs = [], []
    for words in lines:
        words = list(words)
        if words[0] == "module":
            blobs.append(words[3].encode("utf-8") if not isinstance(words[3], bytes) else words[3])
            words[3] = str(len(blobs[-1]))
            words += [""] * (5 - len(words))
        elif words[0] == "data":
            blobs.append(words[3])
            words[3] = str(len(blobs[-1]))
        head.append("\t".join(words))
    return "\n".join(head).encode("utf-8") + b"\n\n" + b"".join(blobs)


def roots(told={}, **wins):
    """All roots that were told so far, and these."""
    told.update(wins)
    return ("roots", "-") + tuple("%s:%s" % pair for pair in sorted(told.items()))


class Imports(Case):
    @classmethod
    def setUpClass(cls):
        cls.agent = Librarian().boot()

    def push(self, *lines):
        self.agent.push(parcel(*lines))

    def test_packages_relative_circular_and_namespace(self):
        self.push(
            roots(shop="usual", space="usual"),
            ("module", "shop", "package", "from . import a\nname = __name__, __package__ or 'shop'\n", "shop.a"),
            ("module", "shop.a", "module", "from .b import later\ndef now(): return 'a', later()\n", "shop shop.b"),
            ("module", "shop.b", "module", "def later():\n    from shop import a\n    return a.__name__\n", "shop shop.a"),
            ("module", "shop.sub", "package", "", "shop"),
            ("module", "shop.sub.deep", "module", "from ..b import later\nfrom .. import a\nvalue = a.now()\n", "shop"),
            ("files", "shop", "__init__.py", "a.py", "b.py", "sub/__init__.py", "sub/deep.py"),
            ("files", "shop.sub", "__init__.py", "deep.py"),
            ("module", "space", "namespace", ""),
            ("module", "space.part", "module", "x = 7\n", "space"),
            ("files", "space", "part.py"),
        )
        self.assertEqual(self.value("import shop\nshop.name"), ("shop", "shop"))
        self.assertEqual(self.value("import shop.sub.deep\nshop.sub.deep.value"), ("a", "shop.a"))
        self.assertEqual(self.value("from space import part\npart.x"), 7)
        self.assertEqual(self.value("import space\nlen(list(space.__path__)), getattr(space, '__file__', None)"), (1, None))
        self.assertEqual([wish for wish in self.agent.wishes if "shop" in wish or "space" in wish], [])

    def test_what_cannot_be_there_is_not_asked_for(self):
        self.push(roots(alone="usual"), ("module", "alone", "package", ""), ("files", "alone", "__init__.py", "data.txt"))
        before = list(self.agent.wishes)
        for name in ("nowhere", "alone.other", "alone.data"):
            self.assertEqual(self.error("import %s" % name)["type"][-5:], "Error")
        self.assertEqual(self.value("try:\n    import alone.fast as m\nexcept ImportError:\n    m = 'slow'\nm"), "slow")
        self.assertEqual(self.agent.wishes, before)

    def test_what_was_not_foreseen_is_asked_for_once(self):
        self.agent.shelf["lib:plug.one"] = parcel(("module", "plug.one", "module", "x = 1\n", "plug"))
        self.push(roots(plug="usual"), ("module", "plug", "package", ""), ("files", "plug", "__init__.py", "one.py", "two.py"))
        code = "import importlib\nimportlib.import_module('plug.' + 'one').x"
        self.assertEqual((self.value(code), self.value(code)), (1, 1))
        self.assertEqual(self.agent.wishes.count("lib:plug.one"), 1)
        error = self.error("importlib.import_module('plug.two')")
        self.assertIn("the library has no lib:plug.two", error["message"])

    def test_a_c_extension_says_why_it_is_not_there(self):
        self.push(roots(fast="usual"), ("module", "fast", "refused", "fast is a C extension: install it on the host"))
        error = self.error("import fast")
        self.assertEqual((error["type"].replace("ModuleNotFound", "Import"), error["message"]),
                         ("ImportError", "fast is a C extension: install it on the host"))

    def test_the_standard_library_is_shadowed_only_if_that_is_wished(self):
        self.push(roots(colorsys="usual", bisect="first", calendar="last"),
                  ("module", "colorsys", "module", "mine = 1\n"), ("module", "bisect", "module", "mine = 1\n"),
                  ("module", "calendar", "module", "mine = 1\n"))
        self.value("import sys\n[sys.modules.pop(name, None) for name in ('colorsys', 'bisect', 'calendar')] and None")
        code = "import colorsys, bisect, calendar\n[getattr(m, 'mine', 0) for m in (colorsys, bisect, calendar)]"
        self.assertEqual(self.value(code), [0, 1, 0])
        self.value("for name in ('colorsys', 'bisect', 'calendar'): del sys.modules[name]")

    def test_a_library_wins_over_what_is_installed_and_loses_where_it_is_to(self):
        code = "import os, sys, tempfile, shutil\nplace = tempfile.mkdtemp()\nfor name in ('both', 'loses'):\n" \
               "    open(os.path.join(place, name + '.py'), 'w').write('who = 1')\nsys.path.append(place)\n"
        self.value(code)
        self.push(roots(both="usual", loses="last", only="last"), ("module", "both", "module", "who = 2\n"),
                  ("module", "loses", "module", "who = 2\n"), ("module", "only", "module", "who = 2\n"))
        self.assertEqual(self.value("import both, loses, only\nboth.who, loses.who, only.who"), (2, 1, 2))
        self.value("sys.path.remove(place)\nshutil.rmtree(place)")

    def test_data_of_packages(self):
        self.agent.shelf["data:box/text/a.txt"] = parcel(("data", "box", "text/a.txt", b"hello"))
        self.push(roots(box="usual"), ("module", "box", "package", "import pkgutil\n"),
                  ("files", "box", "__init__.py", "text/a.txt", "b.bin"), ("data", "box", "b.bin", b"\0\xff"))
        self.assertEqual(self.value("import pkgutil\npkgutil.get_data('box', 'text/a.txt')"), b"hello")
        self.assertEqual(self.value("pkgutil.get_data('box', 'b.bin')"), b"\0\xff")
        self.assertEqual(self.agent.wishes.count("data:box/text/a.txt"), 1)
        self.assertIn("no such file", self.error("pkgutil.get_data('box', 'c.txt')")["message"])
        self.assertIn("no file of the package", self.error("pkgutil.get_data('box', '../x')")["message"])
        version = tuple(int(part) for part in self.agent.hello["python"].split(".")[:2])
        if version >= (3, 7):
            code = "import importlib.resources as r\n"
            self.assertEqual(self.value(code + "r.open_binary('box', 'b.bin').read()" if version < (3, 9) else
                                        code + "(r.files('box') / 'b.bin').read_bytes()"), b"\0\xff")
        if version >= (3, 9):
            self.assertEqual(self.value("r.files('box').joinpath('text', 'a.txt').read_text()"), "hello")
            self.assertEqual(self.value("[x.name for x in r.files('box').iterdir()]"), ["__init__.py", "b.bin", "text"])
            code = "with r.as_file(r.files('box') / 'b.bin') as path: size = path.stat().st_size\nsize"
            self.assertEqual(self.value(code), 2)

    def test_modules_that_replace_or_remove_themselves(self):
        self.push(roots(swap="usual", gone="usual"),
                  ("module", "swap", "module", "import sys\nclass Other(object): x = 5\nsys.modules[__name__] = Other\n"),
                  ("module", "gone", "module", "import sys\ndel sys.modules[__name__]\n"))
        self.assertEqual(self.value("import swap\nswap.x"), 5)
        self.assertIn(self.error("import gone")["type"], ("KeyError", "ImportError"))
        self.assertEqual(self.value("1"), 1)

    def test_the_guard_of_a_single_file_holds(self):
        self.push(roots(deploy="usual"), ("module", "deploy", "module",
                  "def main(): return 'ran'\nstate = 'imported'\nif __name__ == '__main__':\n    state = main()\n"))
        self.assertEqual(self.value("import deploy\ndeploy.state, deploy.main()"), ("imported", "ran"))

    def test_source_lines_in_tracebacks(self):
        self.push(roots(wrong="usual", broken="usual"),
                  ("module", "wrong", "module", "\n\ndef fail():\n    raise ValueError('no')  # there\n"),
                  ("module", "broken", "module", "x = 1\ndef (:\n"))
        error = self.error("import wrong\nwrong.fail()")
        self.assertEqual(error["frames"][-1], (u"<lib>/wrong.py", 4, u"fail", u"raise ValueError('no')  # there"))
        self.assertEqual(len(error["frames"]), 2)
        error = self.error("import broken")
        self.assertEqual((error["type"], error["frames"][-1][:2]), ("SyntaxError", (u"<lib>/broken.py", 2)))
        self.assertEqual([frame[0] for frame in error["frames"][:-1]], [u"<run>"])
        self.assertIn("def fail", self.value("import inspect\ninspect.getsource(wrong.fail)"))

    def test_a_module_edited_between_calls_is_replaced_with_what_depends_on_it(self):
        self.push(roots(ed="usual", apart="usual"), ("module", "ed", "package", "from .top import call\n", "ed.top"),
                  ("module", "ed.base", "module", "def f(): return 'old'\n", "ed"),
                  ("module", "ed.top", "module", "from ed.base import f\ndef call(): return f()\n", "ed ed.base"),
                  ("module", "apart", "module", "token = object()\n"),
                  ("files", "ed", "__init__.py", "base.py", "top.py"))
        self.assertEqual(self.value("import apart\nfrom ed import call\nimport ed.top as top\nkept = apart\ncall()"), "old")
        self.push(("module", "ed.base", "module", "def f(): return 'new'\n", "ed"))
        # Both the names of the session and what is imported anew.
        self.assertEqual(self.value("call(), top.call()"), ("new", "new"))
        self.assertEqual(self.value("from ed import call\ncall()"), "new")
        self.assertTrue(self.value("import apart\nkept is apart"), "what does not depend on it stays")
        self.push(("module", "ed.base", "module", "def f(: return\n", "ed"))
        self.assertEqual(self.error("call()")["type"], "SyntaxError")
        self.push(("module", "ed.base", "module", "def f(): return 'newest'\n", "ed"))
        self.assertEqual(self.value("call(), top.call()"), ("newest", "newest"))
        self.push(("gone", "ed.base"), ("files", "ed", "__init__.py", "top.py"))
        self.assertIn(self.error("import ed.base")["type"], ("ImportError", "ModuleNotFoundError"))

    def test_data_that_is_out_of_date_is_asked_for_anew(self):
        self.agent.shelf["data:fresh/a"] = parcel(("data", "fresh", "a", b"1"))
        self.push(roots(fresh="usual"), ("module", "fresh", "package", ""), ("files", "fresh", "__init__.py", "a"))
        code = "import pkgutil\npkgutil.get_data('fresh', 'a')"
        self.assertEqual(self.value(code), b"1")
        self.agent.shelf["data:fresh/a"] = parcel(("data", "fresh", "a", b"2"))
        self.push(("old", "fresh", "a"))
        self.assertEqual(self.value(code), b"2")

    def test_two_calls_import_different_modules_at_once(self):
        self.agent.shelf["lib:slow.a"] = parcel(("module", "slow.a", "module", "import time\ntime.sleep(0.2)\nx = 'a'\n", "slow"))
        self.agent.shelf["lib:slow.b"] = parcel(("module", "slow.b", "module", "x = 'b'\n", "slow"))
        self.push(roots(slow="usual"), ("module", "slow", "package", ""), ("files", "slow", "__init__.py", "a.py", "b.py"))
        code = "import importlib, time\n"
        first = self.agent.start(code + "importlib.import_module('slow.a').x")
        second = self.agent.start(code + "importlib.import_module('slow.b').x")
        self.assertEqual((self.agent.finish(first).value, self.agent.finish(second).value), ("a", "b"))

    def test_names_that_are_no_ascii_and_texts_of_any_encoding(self):
        self.push(roots(latin="usual"), ("module", "latin", "module", b"# -*- coding: latin-1 -*-\nx = u'\xe9'\n"))
        self.assertEqual(self.value("import latin\nlatin.x"), u"\xe9")

    def test_a_fork_that_asks_is_told_that_it_cannot(self):
        self.push(roots(forked="usual"))
        code = "import os\nread, write = os.pipe()\npid = os.fork()\nif not pid:\n    try:\n        import forked\n" \
               "    except ImportError as error:\n        os.write(write, str(error).encode())\n    os._exit(0)\n" \
               "os.waitpid(pid, 0)\nos.read(read, 1000)"
        self.assertIn(b"fork", self.value(code))
