"""Finds the source text of functions and classes that the texts of calls defined.

`core` is the agent's own namespace.
"""
import ast
import io
import tokenize


code_type = type(compile("0", "", "eval"))


class NotShippable(TypeError):
    """It cannot be shipped, with the reason."""


class Piece(object):
    """The text of one definition: its lines, or the expression of a lambda."""

    def __init__(self, text, indent, is_lambda, futures):
        self.text = text
        self.indent = indent
        self.is_lambda = is_lambda
        self.futures = futures

    def codes(self, free):
        """(text, tree, code): as it will be compiled on the other side, in a function that holds its free variables."""
        text = "(%s)\n" % self.text if self.is_lambda else self.text
        if free:
            lead = " " if self.is_lambda else ""
            text = "def _(%s):\n%s%s" % (", ".join(free), lead, text)
        elif self.indent:
            text = "if 1:\n" + text
        flags = future_flags(self.futures)
        return text, compile(text, "<piece>", "exec", flags | 0x400, True), compile(text, "<piece>", "exec", flags, True)


def future_flags(names):
    import __future__

    found = 0
    for name in names:
        found |= getattr(__future__, name).compiler_flag
    return found


def futures_of(flags):
    import __future__

    return [name for name in __future__.all_feature_names
            if getattr(__future__, name).compiler_flag & flags & ~0x10]  # nested_scopes has an old flag's number


def text_of(filename):
    """The text that code of this file name was compiled from."""
    text = core.sources.get(filename)
    if text is None and not filename.startswith("<"):
        import linecache

        text = u"".join(line if isinstance(line, core.text_type) else line.decode("utf-8", "replace")
                        for line in linecache.getlines(filename)) or None
    return text


def readable(text):
    """The text of a whole file, for compile(): 2.7 wants bytes where a line declares their encoding."""
    declared = core.PY2 and any(u"coding" in line for line in text.split(u"\n", 2)[:2] if line.lstrip()[:1] == u"#")
    return text.encode("utf-8") if declared else text


def lines_of(text):
    """Its lines as Python counts them, each with its end."""
    return io.StringIO(text if text.endswith(u"\n") else text + u"\n", None).readlines()


def of_function(function):
    code = function.__code__
    text = text_of(code.co_filename)
    if text is None:
        raise NotShippable("the source of %s is no longer known: run its definition again" % code.co_name)
    futures = futures_of(code.co_flags)
    try:
        whole = compile(readable(text), code.co_filename, "exec", future_flags(futures) | 0x400, True)
    except SyntaxError:
        whole = None
    if whole is not None:
        if code.co_name == "<lambda>":
            return of_lambda(function, text, whole, futures)
        for node in ast.walk(whole):
            if getattr(node, "name", None) == code.co_name and first_line(node) == code.co_firstlineno:
                compiled = compile(readable(text), code.co_filename, "exec", future_flags(futures), True)
                if any(alike(other, code) for other in inner(compiled)
                       if other.co_firstlineno == code.co_firstlineno):
                    return of_node(node, text, futures)
    raise NotShippable("the source of %s has changed since it was defined: run its definition again" % code.co_name)


def of_class(kind):
    """A class's text: where its methods were written, or the one text that defines it."""
    codes = [getattr(getattr(value, "__func__", value), "__code__", None) for value in vars(kind).values()]
    names = set(code.co_filename for code in codes if code is not None)
    found = class_texts(kind.__name__, names) or class_texts(kind.__name__, list(core.sources))
    if core.PY2 and len(set(piece.text for piece in found)) > 1:
        raise NotShippable("class %s stands in several texts, with different words: run only one" % kind.__name__)
    if not found:
        raise NotShippable("the source of class %s is no longer known: run its definition again" % kind.__name__)
    return found[-1]  # the latest; 2.7 knows no order


def class_texts(name, filenames):
    """The pieces that define a class of this name: statements `class` and assignments, as of a namedtuple."""
    found = []
    for filename in filenames:
        text = text_of(filename)
        try:
            whole = compile(readable(text), filename, "exec", 0x400, True) if text is not None else None
        except SyntaxError:
            continue
        for node in ast.walk(whole) if whole is not None else ():
            names = [getattr(target, "id", None) for target in getattr(node, "targets", ())]
            if isinstance(node, ast.ClassDef) and node.name == name or isinstance(node, ast.Assign) and names == [name]:
                found.append(of_node(node, text, []))
    return found


def first_line(node):
    return min([node.lineno] + [decorator.lineno for decorator in getattr(node, "decorator_list", ())])


def of_node(node, text, futures):
    """The lines of a statement, a `def` or `class` with its decorators."""
    lines = lines_of(text)
    first = first_line(node) - 1
    left = len(getattr(node, "decorator_list", ())) + 1  # logical lines up to the colon
    depth, last = 0, first
    rest = iter(lines[first:])
    try:
        for token in tokenize.generate_tokens(lambda: next(rest, "")):
            if token[0] == tokenize.NEWLINE:
                left -= 1
                last = token[2][0]
            elif token[0] == tokenize.INDENT:
                # The first one may be that of the definition itself.
                depth += left <= 0
            elif token[0] == tokenize.DEDENT and left <= 0:
                depth -= 1
                if depth <= 0:
                    break
            elif left <= 0 and depth == 0 and token[0] not in (tokenize.NL, tokenize.COMMENT):
                break
    except IndentationError:
        pass  # what follows stands further to the left than the definition does
    words = u"".join(lines[first:first + last])
    return Piece(words, words[:len(words) - len(words.lstrip(u" \t"))], False, futures)


def of_lambda(function, text, whole, futures):
    """The expression of a lambda: of those that begin on its line, the one whose code is the same."""
    code = function.__code__
    lines = lines_of(text)
    for node in ast.walk(whole):
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            start = len(lines[node.lineno - 1].encode("utf-8")[:node.col_offset].decode("utf-8"))
            words = lambda_at([lines[node.lineno - 1][start:]] + lines[node.lineno:])
            piece = Piece(words, u"", True, futures)
            try:
                compiled = piece.codes(code.co_freevars)[2]
            except SyntaxError:
                continue
            if any(alike(other, code) for other in inner(compiled)):
                return piece
    raise NotShippable("the text of a lambda cannot be told from line %d of %s: give it a name with def"
                  % (code.co_firstlineno, code.co_filename))


def lambda_at(lines):
    """The text of the lambda that these lines begin with."""
    rest = iter(lines)
    depth = heads = 0
    end = 1, 0
    try:
        for kind, words, start, after, _ in tokenize.generate_tokens(lambda: next(rest, "")):
            if words in ("(", "[", "{"):
                depth += 1
            elif words in (")", "]", "}"):
                depth -= 1
            elif words == "lambda" and depth == 0:
                heads += 1
            elif words == ":" and depth == 0:
                heads -= 1
            ends = depth == 0 and heads == 0 and (words in (",", ";", "for", "=") or kind == tokenize.NEWLINE)
            if depth < 0 or heads < 0 or ends:
                break
            if kind not in (tokenize.NL, tokenize.COMMENT):
                end = after
    except tokenize.TokenError:
        pass
    taken = lines[:end[0]]
    taken[-1] = taken[-1][:end[1]]
    return u"".join(taken)


def inner(code):
    """All code in a piece of code."""
    found = [code]
    for outer in found:
        found.extend(const for const in outer.co_consts if isinstance(const, code_type))
    return found


def alike(one, other):
    """Whether two pieces of code do the same, wherever they stand."""
    if not (isinstance(one, code_type) and isinstance(other, code_type)):
        # What nested functions are called tells where they stand.
        return one == other or isinstance(one, str) and "<" in one
    names = ("co_name", "co_code", "co_names", "co_varnames", "co_freevars", "co_argcount")
    return (
        all(getattr(one, name) == getattr(other, name) for name in names)
        and len(one.co_consts) == len(other.co_consts)
        and all(alike(*pair) for pair in zip(one.co_consts, other.co_consts))
    )
