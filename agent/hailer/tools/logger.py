"""The tool Logger. `core` is the agent's own namespace."""
import logging
import sys

tool = core.module("hailer.tool")

LEVELS = ("NOTSET", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Logger(tool.Tool):
    """What this host logs, and how much of it. A level lasts as long as the link."""

    @staticmethod
    def level(level=None, logger=None):
        """Sets the level of a logger, or of all that have none of their own; the level that holds, by name."""
        one = logging.getLogger(logger)
        if level is not None:
            one.setLevel(number(level))
            if not logging.getLogger().handlers:
                # What Python falls back to takes warnings only.
                logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
        return tool.text_of(str(logging.getLevelName(one.getEffectiveLevel())), "level") if core.PY2 \
            else logging.getLevelName(one.getEffectiveLevel())

    @staticmethod
    def set_log_level(level):
        """Sets the level of all loggers that have none of their own: "DEBUG", "info", …"""
        number(level)
        logging.getLogger().info("the level of this host's log becomes %s", level)
        Logger.level(level)

    @staticmethod
    def log(level, message, *args):
        """Logs a message, with `%` and its arguments if there are any."""
        logging.getLogger().log(number(level), message, *args)


def number(level):
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    name = str(level).upper()
    if name not in LEVELS:
        raise ValueError("Invalid log level: %s; there are %s" % (level, ", ".join(LEVELS)))
    return getattr(logging, name)
