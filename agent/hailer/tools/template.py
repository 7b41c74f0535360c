r"""Templates: text with `${expressions}`, and `% lines` of Python between its lines.

Sent to a host when something of it is used. `core` is the agent's own namespace.

A template becomes Python text of as many lines: line N of the one is line N of the other, so that what Python says of
the one holds for the other. The controller translates in the same way, in src/template; one table of cases is run
against both.

    ## a comment                      emits nothing
    % for name in names               opens a block: for if while with try def class
    ${name} has ${len(name)} letters  a line of text
    % endfor                          closes it, as a bare % does
    % total = len(names)              any other statement
    %% of them                        a line of text that starts with %
    \${HOME}                          a literal ${

Newlines stand between the lines of text that are emitted, and never at the end. The text of a function stands where it
is called: within a line for `${f(x)}`, as lines for `% f(x)`.

The grammar is that of rmote 0.3.1, which took its look from Mako.
"""
import sys

OPEN = frozenset("for if while with try def class".split())
GO_ON = frozenset("else elif except finally".split())
CLOSE = frozenset("end endfor endif endwhile endwith enddef endclass endtry".split())
# What makes a line that opens a block a whole program, so that it can be looked at alone.
ALONE = {
    "elif": "if 0: pass\n%s pass", "else": "if 0: pass\n%s pass", "try": "%s pass\nfinally: pass",
    "except": "try: pass\n%s pass", "finally": "try: pass\n%s pass",
}
PAIRS = {")": "(", "]": "[", "}": "{"}
ONLY_PARSE = 0x400  # a flag of compile()
MOST = 100  # templates that are remembered

remembered = {}  # (name, text) -> its function
unnamed = {}  # text -> name, of those without one


class Template(object):
    """A template. Its name is what errors call it."""

    def __init__(self, template, name=None):
        self._template = as_text(template)
        self.name = as_name(name or unnamed_name(self._template))
        self._render = function(self._template, self.name)

    @staticmethod
    def compile(template, name=None):
        """The function that renders it: it takes the names that the template uses."""
        return Template(template, name)._render

    @staticmethod
    def render_file(*path, **names):
        """Renders a file of this host, in UTF-8."""
        path, = path
        with open(path, "rb") as file:
            return Template(file.read(), "%s" % path).render(**names)

    @staticmethod
    def render_compiled(*template, **names):
        """Renders a Template."""
        template, = template
        return template.render(**names)

    def __reduce__(self):
        return Template, (self._template, self.name)

    def __eq__(self, other):
        return isinstance(other, Template) and self._template == other._template

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._template)

    def __repr__(self):
        return "Template(%r)" % core.native(self._template[:40].encode("utf-8", "replace"))


class Render(object):
    """`Template(text).render(**names)`, and `Template.render(text, **names)` as well."""

    def __get__(self, template, kind):
        if template is not None:
            return template._render
        return lambda *text, **names: kind(*text)._render(**names)


Template.render = Render()


def render_template(*template, **names):
    """Translates and renders at once."""
    return Template(*template).render(**names)


def compiled(name, code, template):
    """A Template that the controller has translated."""
    made = Template.__new__(Template)
    made._template, made.name = as_text(template), as_name(name)
    made._render = function(made._template, made.name, as_text(code))
    return made


def function(template, name, code=None):
    known = remembered.get((name, template))
    if known is not None:
        return known
    code = runnable(translate(template, name) if code is None else code, template, name)

    def render(**names):
        if "_out_" in names:
            raise TypeError("_out_ is a name of the template's own")
        core.sources[name] = template
        out = names["_out_"] = Out()
        exec(code, names)
        return u"".join(out.parts)

    if len(remembered) >= MOST:
        remembered.clear()
    remembered[name, template] = render
    return render


def unnamed_name(template):
    """Two templates have two names: a line that an error shows is that of the right one."""
    if len(unnamed) >= MOST:
        unnamed.clear()
    known = unnamed.get(template)
    if known is None:
        known = unnamed[template] = "<template %d>" % (len(unnamed) + 1) if unnamed else "<template>"
    return known


class Out(object):
    """What a template has emitted so far. The translated text calls its methods."""

    def __init__(self):
        self.parts = []
        self.text = self.parts.append
        self.owed = False  # a newline, before the next line of text
        self.inside = None  # whose line is being emitted: a function that is called in it goes on in that line

    def begin(self):
        caller = id(sys._getframe(1))
        if self.owed and self.inside in (None, caller):
            self.text(u"\n")
        self.inside = caller

    def show(self, *value, **encoding):
        self.text(shown(*value, **encoding))
        self.inside = id(sys._getframe(1))

    def end(self):
        self.owed, self.inside = True, None


def shown(*value, **encoding):
    """str(), which on 2.7 gives Unicode text whatever it is given."""
    if not core.PY2 or len(value) != 1 or encoding:
        return str(*value, **encoding)
    try:
        return core.text_type(*value)
    except UnicodeDecodeError:
        return str(*value).decode("utf-8", "replace")


def as_text(text):
    return text.decode("utf-8") if isinstance(text, bytes) else text


def as_name(name):
    """A name as Python takes it for a file's."""
    return core.native(as_text(name).encode("utf-8", "replace"))


def problem(kind, what, template, name, number):
    """A SyntaxError that points at the template."""
    return kind(what, (name, number, None, template.splitlines()[number - 1]))


def runnable(code, template, name):
    try:
        return compile(code, name, "exec", 0, True)
    except SyntaxError as error:
        number = min(max(error.lineno or 1, 1), len(template.splitlines()) or 1)
        found = problem(type(error), error.msg, template, name, number)
    except (TypeError, ValueError) as error:  # a NUL
        found = problem(SyntaxError, str(error), template, name, 1)
    raise found


def look_at(text, mode, fail):
    """Whether some of it is Python, if it is looked at alone: what is wrong has the right line then."""
    try:
        compile(text, "<template>", mode, ONLY_PARSE, True)
        return
    except SyntaxError as error:
        kind, what = type(error), error.msg
    except (TypeError, ValueError) as error:  # a NUL
        kind, what = SyntaxError, str(error)
    raise fail(kind, what)


class Block(object):
    """A block that is open."""

    def __init__(self, word, number):
        self.word, self.number = word, number
        self.empty = True
        self.emits = False  # a function, with lines of text in it
        self.returns = []  # the lines of its bare `return`s
        self.yields = False


def translate(template, name):
    """The Python text of a template, of as many lines."""
    lines = []
    blocks = []

    def fail(kind, what, at=None):
        return problem(kind, what, template, name, at or number)

    def add(code):
        lines.append(" " * len(blocks) + code)
        if blocks:
            blocks[-1].empty = False

    def close():
        """What a block ends with: a function that emits gives no value to be shown besides."""
        if not blocks:
            return ""
        block = blocks[-1]
        if block.empty:
            raise fail(IndentationError, "this block is empty; `% pass` does nothing", block.number)
        end = ""
        if block.emits and not block.yields:
            for at in block.returns:
                lines[at] += ' u""'
            end = " " * len(blocks) + 'return u""'
        blocks.pop()
        return end

    def function():
        """The innermost function that is open."""
        return next((block for block in reversed(blocks) if block.word == "def"), Block("", 0))

    for number, line in enumerate(template.splitlines(), 1):
        stripped = line.strip()
        if stripped[:1] != u"%" and stripped[:2] != u"##" or stripped[:2] == u"%%":
            add(text_line(line.replace(u"%%", u"%", 1) if stripped[:1] == u"%" else line, fail))
            function().emits = True
            continue
        code = stripped[1:].strip()
        word = code.split()[0].rstrip(":(") if code else "end"
        if stripped[:2] == u"##":
            lines.append("")
        elif word in CLOSE:
            lines.append(close())
        elif word in OPEN or word in GO_ON:
            if word in GO_ON:
                close()
            code += "" if code.endswith(":") else ":"
            look_at(ALONE.get(word, "%s pass") % code, "exec", fail)
            add(code)
            blocks.append(Block(word, number))
        else:
            if code == "return":
                function().returns.append(len(lines))
            function().yields |= "yield" in code
            add(code)
    while blocks:
        lines.append(close())
    return u"\n".join(lines) + u"\n"


def text_line(line, fail):
    """What emits a line of text."""
    calls = ["_out_.begin()"]
    plain = u""

    def flush():
        if plain:
            escaped = plain.encode("unicode_escape").decode("ascii").replace('"', '\\"')
            calls.append('_out_.text(u"%s")' % escaped)

    at = 0
    while at < len(line):
        if line.startswith(u"\\${", at):
            plain += u"${"
            at += 3
        elif line.startswith(u"${", at):
            flush()
            plain = u""
            end = end_of_expression(line, at + 2, fail)
            expression = line[at + 2:end]
            look_at(u"_(%s)" % expression, "eval", fail)
            calls.append(u"_out_.show(%s)" % expression)
            at = end + 1
        else:
            plain += line[at]
            at += 1
    flush()
    return u"; ".join(calls + ["_out_.end()"])


def end_of_expression(line, at, fail):
    """Where the brace is that closes it, or the end of the line. Brackets in quotes do not count."""
    inside = []
    while at < len(line):
        char = line[at]
        if char in u"'\"":
            quote = char * 3 if line.startswith(char * 3, at) else char
            at += len(quote)
            while at < len(line) and not line.startswith(quote, at):
                at += 2 if line[at] == u"\\" else 1
            at += len(quote)
            continue
        if char in u"([{":
            inside.append(char)
        elif char == u"}" and not inside:
            return at
        elif char in u")]}":
            if not inside or inside.pop() != PAIRS[char]:
                raise fail(SyntaxError, "unmatched '%s'" % char)
        at += 1
    return len(line)
