"""Ships a function to another host: as source, since the two ends may run different Pythons.

What the texts of calls define goes as its text, with all that it names; what can be imported goes by name; values go
as pickles. See land.py for the other end. `core` is the agent's own namespace.
"""
import ast
import binascii
import io
import sys
import types

NotShippable = core.module("hailer.source").NotShippable
PLAIN = frozenset((type(None), bool, int, type(1 << 80), float, core.text_type, bytes, list, tuple, dict, set))
METHODS = tuple(set((types.MethodType, types.BuiltinMethodType, type(str.upper), type(list.__len__))))
CLASSES = (type, types.ClassType) if core.PY2 else (type,)


def request(function, args=(), keywords=None):
    """(name, text) for the controller to run on another host. TypeError says what cannot be shipped, and why."""
    if not callable(function):
        raise TypeError("%r is no function" % (function,))
    parcel = Parcel()
    while type(function).__name__ == "partial" and hasattr(function, "keywords"):
        args = function.args + tuple(args)
        keywords = dict(function.keywords or {}, **keywords or {})
        function = function.func
    parcel.pickles[0] = parcel.pickle((function, tuple(args), dict(keywords or {})), "the call")
    name = u"<shipped %s>" % getattr(function, "__name__", type(function).__name__).strip("<>")
    text = u"".join(parcel.text)
    words = u"__import__('hailer')._receive(%s, %s, %s, %s)" % (
        literal(name), tuple(map(str, sorted(parcel.futures))), literal(text), [p.decode("ascii") for p in parcel.pickles]
        if not core.PY2 else parcel.pickles
    )
    return name, words


def literal(text):
    """The text as every Python reads it."""
    return core.text_type(repr(text)) if core.PY2 else "u" + ascii(text)


def ours(value):
    """Whether it was defined by the text of a call, so that no other host can import it."""
    home = value.__globals__.get("__name__") if hasattr(value, "__globals__") else None
    return of_texts(value.__module__) or of_texts(home) and not importable(value)


def of_texts(name):
    return name == "__main__" or str(name).startswith("__shipped_")


def importable(value):
    found = sys.modules.get(getattr(value, "__module__", None) or "")
    return found is not None and getattr(found, getattr(value, "__name__", ""), None) is value


class Parcel(object):
    """The definitions that a call needs, in an order in which they can be run."""

    def __init__(self):
        self.text = []
        self.futures = set()
        self.names = {}  # name -> what it stands for over there
        self.pickles = [None]

    # ------------------------------------------------ values

    def pickle(self, value, what):
        """A value as base64; `what` names it where it cannot be sent."""
        out = io.BytesIO()
        try:
            self.pickler(out).dump(value)
        except NotShippable:
            raise
        except Exception as raised:
            error = NotShippable("%s cannot be sent to another host: %s" % (what, raised))
            error.__cause__ = None
            raise error
        return binascii.b2a_base64(out.getvalue()).strip()

    def pickler(self, out):
        if core.PY2:
            import cPickle

            pickler = cPickle.Pickler(out, 2)
            pickler.persistent_id = self.named
            return pickler
        import _pickle

        parcel = self

        class Pickler(_pickle.Pickler):
            def persistent_id(self, value):
                return parcel.named(value)

        return Pickler(out, 2)

    def named(self, value):
        """How a value is named instead of being sent; None where it is sent."""
        kind = type(value)
        if core.PY2 and kind is str:
            return None if ascii_only(value) else ("bytes", value.decode("latin-1"))
        if kind in PLAIN:
            return None
        if core.PY2 and kind is file:  # noqa: F821
            raise NotShippable("a file cannot be sent to another host")  # 2.7's pickle would send a closed one
        if kind is types.ModuleType or isinstance(value, types.ModuleType):
            return "module", value.__name__
        if kind is types.FunctionType and hasattr(value, "_tool"):
            return ("member",) + value._tool
        if kind is types.FunctionType or isinstance(value, CLASSES):
            return ("defined", self.define(value)) if ours(value) else None
        if isinstance(value, METHODS):
            owner = getattr(value, "__self__", None)
            owner = getattr(value, "__objclass__", None) or getattr(value, "im_class", None) if owner is None else owner
            if owner is not None and not isinstance(owner, types.ModuleType):
                return "member", owner, value.__name__
        return None

    # ------------------------------------------------ definitions

    def define(self, value):
        """Sees to it that a function or class of ours is defined over there; its name."""
        name = value.__name__
        if name == "<lambda>":
            name = "_lambda_%x" % id(value)
        if self.is_new(name, value):
            self.write(name, value)
        return name

    def is_new(self, name, value):
        if name not in self.names:
            self.names[name] = value
            return True
        known = self.names[name]
        if known is not value and unwrapped(known) is not unwrapped(value):
            raise NotShippable("two things that are shipped together are called %s: rename one" % name)
        return False

    def write(self, name, value):
        source = core.module("hailer.source")
        function = unwrapped(value)
        if isinstance(value, CLASSES):
            piece, free, space = source.of_class(value), {}, vars(sys.modules.get(value.__module__, object))
        else:
            piece, free, space = source.of_function(function), closure(function), function.__globals__
        self.futures.update(piece.futures)
        bound = {}
        for variable, held in free.items():
            if held is function or held is value:
                continue  # it calls itself
            if type(held) in (types.FunctionType, types.ModuleType) or isinstance(held, CLASSES):
                self.need(variable, held, name, function.__code__.co_names)
            else:
                bound[variable] = self.value(held, "%s, which %s holds," % (variable, name))
        text, tree, code = piece.codes(sorted(bound))
        names = set()
        for part in source.inner(code):
            names.update(part.co_names)
        read = set(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        for needed in sorted(names & read):
            if needed in space and needed not in free and needed != value.__name__ and needed[:2] != "__":
                self.need(needed, space[needed], name, names)
        self.add(name, value, piece, text, bound)

    def add(self, name, value, piece, text, bound):
        """Writes the definition; of a closure, inside a function that holds its variables."""
        if piece.is_lambda:
            head, tail = ("(lambda %s: " % ", ".join(sorted(bound)), ")") if bound else ("", "")
            text = u"%s = %s(%s)%s" % (name, head, piece.text, tail)
        elif bound:
            text += u"%sreturn %s\n%s = _" % (piece.indent, written(value), name)
        elif written(value) != name:  # somebody gave it another name
            text += u"%s = %s\n" % (name, written(value))
        if bound:
            text += u"(%s)" % ", ".join("_value(%d)" % bound[variable] for variable in sorted(bound))
        self.text.append(text if text.endswith("\n") else text + u"\n")

    def need(self, name, value, user, names):
        """Sees to it that `name` stands for this value over there; `names` are all that its user names."""
        if not self.is_new(name, value):
            return
        if isinstance(value, types.ModuleType):
            self.module(name, value, user, names)
        elif type(value) is types.FunctionType and ours(value) or isinstance(value, CLASSES) and ours(value):
            if value.__name__ == name:
                self.write(name, value)
            else:
                self.text.append(u"%s = %s\n" % (name, self.define(value)))
        elif importable(value) and not hasattr(value, "_tool"):
            self.text.append(u"from %s import %s as %s\n" % (value.__module__, value.__name__, name))
        else:
            self.text.append(u"%s = _value(%d)\n" % (name, self.value(value, "%s, which %s names," % (name, user))))

    def module(self, name, module, user, names):
        if module.__name__ == "__main__":
            raise NotShippable("%s names the module __main__, which cannot be shipped" % user)
        inside = [known for known in list(sys.modules)
                  if known.startswith(module.__name__ + ".") and sys.modules[known] is not None]
        for known in sorted(inside):
            parts = known[len(module.__name__) + 1:].split(".")
            if all(part in names for part in parts):
                self.text.append(u"import %s\n" % known)
        self.text.append(u"import %s as %s\n" % (module.__name__, name))

    def value(self, value, what):
        place = len(self.pickles)
        self.pickles.append(None)
        self.pickles[place] = self.pickle(value, what)
        return place


def written(value):
    """The name that a definition's text gives."""
    function = unwrapped(value)
    return function.__code__.co_name if type(function) is types.FunctionType else value.__name__


def unwrapped(value):
    """The function that a decorator which keeps its name has wrapped."""
    for _ in range(100):
        if type(value) is not types.FunctionType:
            return value
        inside = [getattr(value, "__wrapped__", None)]
        if value.__name__ != value.__code__.co_name:  # 2.7 does not say what is wrapped
            inside += [cell.cell_contents for cell in value.__closure__ or ()]
        inside = [one for one in inside if type(one) is types.FunctionType and one.__name__ == value.__name__]
        if not inside:
            return value
        value = inside[0]
    return value


def closure(function):
    """name -> value of a function's free variables."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            raise NotShippable("%s names %s, which has no value yet" % (function.__name__, name))
    return found


def ascii_only(data):
    try:
        data.decode("ascii")
        return True
    except UnicodeDecodeError:
        return False
