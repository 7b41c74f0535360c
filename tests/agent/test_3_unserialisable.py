"""A result that cannot be sent is an answer at once, and the link stays usable."""
from case import Case


class Unserialisable(Case):
    def test_every_odd_value_is_answered(self):
        odd = ("lambda: 1", "(x for x in [])", "open('/dev/null')", "type('T', (), {})()", "type('T', (), {})",
               "__import__('sys')", "__import__('threading').Lock()", "object()", "memoryview(b'x')")
        for source in odd:
            # The parentheses keep a generator from being the value itself.
            reply = self.agent.call("[%s]" % source)
            self.assertEqual(reply.tag, 0, (source, reply.message))
        self.assertEqual(self.value("1"), 1)

    def test_a_value_that_exits_while_it_is_pickled(self):
        reply = self.agent.call("class E(object):\n    def __reduce__(self): raise SystemExit(3)\n[E()]")
        self.assertEqual(reply.tag, 0)
        self.assertEqual(self.value("1"), 1)

    def test_an_unknown_request_is_refused_in_words(self):
        from client import OPEN, Reply, frame

        channel, self.agent.next = self.agent.next, self.agent.next + 2
        self.agent.replies[channel] = Reply()
        self.agent.write(frame(OPEN, 2, channel, b"what"))
        reply = self.agent.finish(channel)
        self.assertEqual(reply.tag, 3)
        self.assertIn(b"tag 2", reply.message)
        self.assertEqual(self.value("1"), 1)
