"""Reads on 2.7 what Python 3 pickled: protocols 3 and 4, which 2.7's own module does not know.

`core` is the agent's own namespace.
"""
import io
import pickle
import struct


class Unpickler(pickle.Unpickler):
    dispatch = dict(pickle.Unpickler.dispatch)

    def __init__(self, data, find_class):
        pickle.Unpickler.__init__(self, io.BytesIO(data))
        self.find_class = find_class

    def sized(self, form):
        size, = struct.unpack(form, self.read(struct.calcsize(form)))
        data = self.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def proto(self):
        if ord(self.read(1)) > 4:
            raise ValueError("a pickle of a newer protocol than 4")

    def frame(self):
        self.read(8)

    def stack_global(self):
        name, module = self.stack.pop(), self.stack.pop()
        self.append(self.find_class(module, name))

    def new_object(self):
        keywords, args, kind = self.stack.pop(), self.stack.pop(), self.stack.pop()
        keywords = dict((str(key), value) for key, value in keywords.items())
        self.append(kind.__new__(kind, *args, **keywords))

    def memoize(self):
        self.memo[str(len(self.memo))] = self.stack[-1]

    def marked(self):
        mark = self.marker()
        items = self.stack[mark + 1:]
        del self.stack[mark:]
        return items

    def add_items(self):
        items = self.marked()
        for item in items:
            self.stack[-1].add(item)


def opcode(code, act):
    Unpickler.dispatch[code] = act


opcode(b"\x80", Unpickler.proto)
opcode(b"\x95", Unpickler.frame)
opcode(b"\x93", Unpickler.stack_global)
opcode(b"\x92", Unpickler.new_object)
opcode(b"\x94", Unpickler.memoize)
opcode(b"\x90", Unpickler.add_items)
opcode(b"\x8f", lambda self: self.append(set()))
opcode(b"\x91", lambda self: self.append(frozenset(self.marked())))
opcode(b"B", lambda self: self.append(self.sized("<I")))
opcode(b"C", lambda self: self.append(self.sized("<B")))
opcode(b"\x8e", lambda self: self.append(self.sized("<Q")))
opcode(b"\x8c", lambda self: self.append(self.sized("<B").decode("utf-8")))
opcode(b"X", lambda self: self.append(self.sized("<I").decode("utf-8")))
opcode(b"\x8d", lambda self: self.append(self.sized("<Q").decode("utf-8")))


def load(data, find_class):
    return Unpickler(data, find_class).load()
