"""Runs all tests of the agent with the interpreter that runs this, against an agent under the same interpreter."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

if __name__ == "__main__":
    pattern = "test_%s*.py" % (sys.argv[1] if len(sys.argv) > 1 else "")
    tests = unittest.defaultTestLoader.discover(HERE, pattern)
    result = unittest.TextTestRunner(verbosity=1).run(tests)
    print("%s: %d tests" % (sys.version.split()[0], result.testsRun))
    sys.exit(not result.wasSuccessful() or not result.testsRun)
