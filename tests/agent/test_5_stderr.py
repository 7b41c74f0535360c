# coding: utf-8
"""Standard error: any bytes, any amount, whole lines."""
from case import Case


class Stderr(Case):
    def test_lines_are_written_whole(self):
        source = ("import sys, threading\n"
                  "def work(c):\n    for i in range(200):\n        sys.stderr.write(c * 30)\n        sys.stderr.write(c * 30 + '\\n')\n"
                  "threads = [threading.Thread(target=work, args=(c,)) for c in 'abcd']\n"
                  "for t in threads: t.start()\nfor t in threads: t.join()\nsys.stderr.write('end\\n')")
        before = len(self.agent.errors)
        self.agent.call("import sys\nsys.stderr.write('begin\\n')")
        self.agent.stderr(b"begin\n")
        self.agent.call(source)
        text = self.agent.stderr(b"end\n")[before:].split(b"begin\n")[1]
        for line in text.split(b"\n"):
            self.assertLessEqual(len(set(line.replace(b"end", b""))), 1, line)
        self.assertEqual(text.count(b"a" * 60 + b"\n"), 200)

    def test_any_text_and_any_bytes(self):
        self.agent.call(u"import sys\nsys.stderr.write(u'\\xe9\\u2028\\n')")
        self.agent.stderr(u"\xe9\u2028\n".encode("utf-8"))
        self.agent.call("import os\nos.write(2, b'\\xff\\xfe no text\\n')")
        self.agent.stderr(b"\xff\xfe no text\n")

    def test_a_megabyte_in_one_line_and_a_burst(self):
        self.agent.call("import sys\nsys.stderr.write('x' * (1 << 20) + 'END1\\n')")
        self.agent.stderr(b"END1\n")
        self.agent.call("import sys\nfor i in range(20000): sys.stderr.write('burst %d\\n' % i)\nsys.stderr.write('END2\\n')")
        self.assertIn(b"burst 19999\n", self.agent.stderr(b"END2\n"))

    def test_a_line_without_end_comes_with_a_flush(self):
        self.agent.call("import sys\nsys.stderr.write('50%\\r')\nsys.stderr.flush()")
        self.agent.stderr(b"50%\r")
