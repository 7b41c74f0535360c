"""A test with an agent of its own, or with one that the tests of a class share."""
import unittest

from client import Agent
from controller import Controller


class Case(unittest.TestCase):
    agent = None

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent().boot()

    @classmethod
    def tearDownClass(cls):
        cls.agent.end()

    def value(self, source):
        return self.run_it(source).value

    def error(self, source):
        return self.run_it(source).error

    def run_it(self, source):
        return self.agent.call(source)


class ReachCase(Case):
    """The agent may open others, by the controller at this end."""

    @classmethod
    def setUpClass(cls):
        cls.agent = Controller().boot()
        cls.runs = 0

    def run_it(self, source):
        # As the console does: each run has a name of its own, so that what it defines can be shipped later.
        type(self).runs += 1
        return self.agent.call(source, "<run %d>" % self.runs)
