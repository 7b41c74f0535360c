"""Whatever is cut off or makes no sense ends the agent, or that call, and never hangs."""
import time
import unittest

from client import CANCEL, CREDIT, ITEM, NONCE, OPEN, Agent, frame


class Truncation(unittest.TestCase):
    def test_input_that_ends_at_any_offset_of_the_boot(self):
        whole = Agent()
        core = whole.core
        whole.end()
        offsets = list(range(0, len(core), max(1, len(core) // 12))) + [len(core) - 1, len(core), len(core) + 7]
        for offset in offsets:
            agent = Agent()
            agent.write((core + NONCE)[:offset])
            agent.end()

    def test_input_that_ends_within_a_frame(self):
        opened = frame(OPEN, 0, 2, b"x\0" + b"1 + 1")
        for cut in range(len(opened)):
            agent = Agent().boot()
            agent.write(opened[:cut])
            agent.end()

    def test_input_that_ends_while_calls_run(self):
        agent = Agent().boot()
        agent.start("import time\ntime.sleep(60)")
        agent.start("while True: pass")
        agent.ping()
        agent.end()

    def test_frames_about_calls_that_are_over_or_never_were(self):
        agent = Agent().boot()
        self.assertEqual(agent.call("1").value, 1)
        for kind, body in ((CANCEL, b""), (CREDIT, b"\0\0\1\0"), (ITEM, b"N.")):
            for channel in (2, 400, 401):
                agent.write(frame(kind, 0, channel, body))
        self.assertEqual(agent.call("2").value, 2)
        agent.end()

    def test_frames_cut_anywhere_and_many_at_once(self):
        agent = Agent().boot()
        channels, data = [], b""
        from client import Reply

        for number in range(50):
            channel, agent.next = agent.next, agent.next + 2
            agent.replies[channel] = Reply()
            channels.append(channel)
            data += frame(OPEN, 0, channel, b"x\0" + str(number).encode())
        for at in range(0, len(data), 7):
            agent.write(data[at:at + 7])
        self.assertEqual([agent.finish(channel).value for channel in channels], list(range(50)))
        agent.end()

    def test_a_request_in_many_frames(self):
        agent = Agent().boot()
        source = "x = '%s'\nlen(x)" % ("y" * 300000)
        self.assertEqual(agent.call(source).value, 300000)
        agent.end()


class Golden(unittest.TestCase):
    def test_the_agent_writes_and_reads_the_golden_frames(self):
        import binascii
        import os

        from client import payload

        core = {"__name__": "core"}
        exec(compile(payload("core.py"), "core.py", "exec"), core)
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "..", "golden", "frames.txt")) as file:
            lines = [line for line in file if not line.startswith("#")]
        self.assertGreater(len(lines), 15)
        for line in lines:
            name, kind, flags, channel, body, wire = [part.strip() for part in line.split("|")]
            body, wire = binascii.unhexlify(body), binascii.unhexlify(wire)
            numbers = int(kind), int(flags), int(channel)
            self.assertEqual(core["frame"](*(numbers + (body,))), wire, name)
            self.assertEqual(core["HEADER"].unpack_from(wire), (len(body),) + numbers, name)
