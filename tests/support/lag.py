"""Starts the program that its arguments name, and relays its pipes with so many seconds of delay each way: a slow link.

Usage: lag.py SECONDS WORD…
"""
import os
import select
import subprocess
import sys
import time

delay = float(sys.argv[1])
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
ways = {0: child.stdin.fileno(), child.stdout.fileno(): 1}
reading = list(ways)
waiting = []  # (when, where to, what)
while reading or waiting:
    pause = max(0, waiting[0][0] - time.time()) if waiting else None
    for source in select.select(reading, [], [], pause)[0]:
        data = os.read(source, 65536)
        waiting.append((time.time() + delay, ways[source], data))
        if not data:
            reading.remove(source)
    while waiting and waiting[0][0] <= time.time():
        _, target, data = waiting.pop(0)
        if not data:
            os.close(target)
        while data:
            data = data[os.write(target, data):]
sys.exit(child.wait())
