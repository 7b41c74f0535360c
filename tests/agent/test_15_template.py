# coding: utf-8
"""Templates: the table of cases, translated by the agent and by the controller; and what errors say."""
import json
import os
import re
import unittest

from case import Case, ReachCase
from client import Agent, PY2, payload

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "template", "cases.json")
RENDER = """
def attempt(made, **names):
    import sys
    when = 'compile'
    try:
        template = made()
        when = 'render'
        return template.render(**names)
    except Exception:
        kind, error, trace = sys.exc_info()
        line, name = None, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith('<template'):
                line, name = trace.tb_lineno, trace.tb_frame.f_code.co_filename
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line, name = error.lineno, error.filename
        return kind.__name__, when, line, name[:9] if name else None
"""


def literal(text):
    return "u" + repr(text).lstrip("u")


class Table(Case):
    @classmethod
    def setUpClass(cls):
        super(Table, cls).setUpClass()
        assert cls.agent.call("from hailer import template, Template\n" + RENDER).tag == 0
        with open(TABLE, "rb") as file:
            cls.cases = json.loads(file.read().decode("utf-8"))

    def check(self, made):
        """Every case, of templates that an expression makes."""
        self.assertGreater(len(self.cases), 130)
        wrong = []
        for case in self.cases:
            got = self.value("attempt(lambda: %s%s)" % (made(case), ", " + case["names"] if "names" in case else ""))
            expected = case.get("output")
            if expected is None:
                expected = case["error"], case["when"], case["line"], "<template"
            if got != expected:
                wrong.append("%s: %r became %r instead of %r" % (case["case"], case["template"], got, expected))
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_translated_here(self):
        self.check(lambda case: "Template(%s)" % literal(case["template"]))

    def test_translated_by_the_controller(self):
        try:
            theirs = json.loads(payload("templates.json").decode("utf-8"))
        except IOError:
            self.skipTest("SKIPPED: the controller's translations: cargo nextest run --test agent writes them")
        self.check(lambda case: "template.compiled('<template>', %s, %s)" % (
            literal(theirs[case["template"]]), literal(case["template"]))
            if case["template"] in theirs else "Template(%s)" % literal(case["template"]))
        # What is an error for the one is one for the other; and otherwise both write the same text.
        for case in self.cases:
            self.assertEqual(case["template"] in theirs, case.get("when") != "compile", case)
            if case["template"] in theirs:
                text = self.value("template.translate(%s, 'x')" % literal(case["template"]))
                self.assertEqual(text, theirs[case["template"]], case)


class Api(Case):
    @classmethod
    def setUpClass(cls):
        super(Api, cls).setUpClass()
        assert cls.agent.call("from hailer import Template, render_template").tag == 0

    def test_every_way_to_render(self):
        self.assertEqual(self.value("render_template('${x}', x=1), Template('${x}').render(x=2), "
                                    "Template.compile('${x}')(x=3), Template.render('${x}', x=4), "
                                    "Template.render_compiled(Template('${x}'), x=5)"), (u"1", u"2", u"3", u"4", u"5"))

    def test_in_scope_without_import(self):
        agent = Agent().boot()
        try:
            self.assertEqual(agent.call("render_template('${x}', x=1), Template('${x}').render(x=2)").value, (u"1", u"2"))
        finally:
            agent.end()

    def test_any_name_can_be_passed(self):
        self.assertEqual(self.value("render_template('${template}${self}${path}${names}', template=1, self=2, path=3, "
                                    "names=4)"), u"1234")
        self.assertIn("_out_", self.error("render_template('a', _out_=1)")["message"])

    def test_a_file(self):
        code = "import os\np = '/tmp/hailer-template-%d' % os.getpid()\nopen(p, 'wb').write({0})\n" \
               "try:\n    r = Template.render_file(p, x=u'\\xfc', path=1)\nfinally:\n    os.remove(p)\nr"
        self.assertEqual(self.value(code.format("b'\\xc3\\xa9 ${x} ${path}\\n'")), u"\xe9 \xfc 1")
        error = self.error(code.format("b'a\\n${nobody}\\n'"))
        self.assertTrue(re.search(r'File "/tmp/hailer-template-\d+", line 2', error["text"]), error["text"])

    def test_it_is_what_its_text_is(self):
        self.assertEqual(self.value("Template('a') == Template('a'), Template('a') != Template('b'), "
                                    "len({Template('a'), Template('a')}), repr(Template('a\\n' + 'x' * 99))"),
                         (True, True, 1, "Template('a\\n%s')" % ("x" * 38)))

    def test_pickles_are_its_text(self):
        self.assertEqual(self.value("import pickle\n[pickle.loads(pickle.dumps(Template('${x}'), n)).render(x=n) "
                                    "for n in range(pickle.HIGHEST_PROTOCOL + 1)] == "
                                    "[str(n) for n in range(pickle.HIGHEST_PROTOCOL + 1)]"), True)

    def test_renderings_share_nothing(self):
        self.assertEqual(self.value("t = Template('% xs = [x]\\n${len(xs)}')\n[t.render(x=n) for n in range(3)]"),
                         [u"1"] * 3)

    def test_text_of_2_7(self):
        if PY2:
            self.assertEqual(self.value("render_template('\\xc3\\xa9 ${x}${y}', x='\\xc3\\xa9', y=u'\\xe9')"), u"\xe9 \xe9\xe9")
            self.assertEqual(self.value("class A(object):\n    def __str__(self): return '\\xc3\\xa9'\n"
                                        "class B(object):\n    def __unicode__(self): return u'\\xe9'\n"
                                        "render_template('${a}${b}', a=A(), b=B())"), u"\xe9\xe9")

    def test_what_is_remembered_is_bounded(self):
        self.assertEqual(self.value("from hailer import template\n"
                                    "[Template('%d' % n).render() for n in range(500)][-1], "
                                    "len(template.remembered) <= 100, len(template.unnamed) <= 100"), (u"499", True, True))


class Errors(Case):
    @classmethod
    def setUpClass(cls):
        super(Errors, cls).setUpClass()
        assert cls.agent.call("from hailer import Template, render_template").tag == 0

    def test_when_it_runs(self):
        error = self.error("Template('a\\n\\nb ${1 // x} c', 'motd').render(x=0)")
        self.assertEqual(error["frames"][-1], (u"motd", 3, u"<module>", u"b ${1 // x} c"))
        self.assertEqual([frame[0] for frame in error["frames"]][1:], [u"motd"], "frames of ours are hidden")

    def test_in_a_function_of_it(self):
        error = self.error("Template('% def f(x)\\n% return 1 // x\\n% end\\n\\n${f(0)}', 'motd').render()")
        self.assertEqual([frame[:2] for frame in error["frames"]][-2:], [(u"motd", 5), (u"motd", 2)])

    def test_of_its_syntax(self):
        error = self.error("Template('a\\n% for x y:\\n${x}\\n% endfor', 'motd')")
        self.assertEqual((error["type"], error["frames"][-1]), ("SyntaxError", (u"motd", 2, u"", u"% for x y:")))
        error = self.error("Template('% if x:\\n% endif', 'motd')")
        self.assertEqual((error["type"], error["frames"][-1][:2]), ("IndentationError", (u"motd", 1)))
        self.assertIn("% pass", error["message"])

    def test_a_nul(self):
        for text in ("a\\n${'\\0'}", "a\\n% x = '\\0'"):
            self.assertEqual(self.error("Template('%s')" % text)["type"], "SyntaxError")

    def test_two_without_a_name(self):
        self.value("one, two = Template('one ${x}'), Template('two ${y}')")
        self.assertEqual(self.error("one.render()")["frames"][-1][3], u"one ${x}")
        self.assertEqual(self.error("two.render()")["frames"][-1][3], u"two ${y}")
        self.assertEqual(self.error("one.render()")["frames"][-1][3], u"one ${x}")


class Shipped(ReachCase):
    def test_to_other_hosts_and_back(self):
        self.value("from hailer import *\nt = Local('a')\ntemplate = Template('${x}!', 'motd')")
        self.assertEqual(self.value("t.call(lambda a: a.render(x=1), template)"), u"1!")
        self.assertEqual(self.value("t.call(lambda: render_template('${x}', x=2))"), u"2")


if __name__ == "__main__":
    unittest.main()
