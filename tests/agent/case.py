"""A test with an agent of its own, or with one that the tests of a class share."""
import unittest

from client import Agent


class Case(unittest.TestCase):
    agent = None

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent().boot()

    @classmethod
    def tearDownClass(cls):
        cls.agent.end()

    def value(self, source):
        return self.agent.call(source).value

    def error(self, source):
        return self.agent.call(source).error
