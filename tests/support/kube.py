"""As much of a Kubernetes API server as `kubectl exec` talks to. Its pods are containers of the test fleet.

    kube.py FOLDER

Writes its certificates and a kubectl configuration (`config`) into the folder, says "ready", and serves until its standard input
ends. What is said over a connection that kubectl upgraded is either the websocket protocol `v5.channel.k8s.io`, or SPDY/3.1 with
`v4.channel.k8s.io`, as older ones speak it: see the pages "WebSockets" (RFC 6455), "SPDY Protocol - Draft 3.1", and
"kubectl exec" in Kubernetes' own documentation of streaming.
"""
import base64
import hashlib
import http.server
import json
import os
import queue
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import urllib.parse
import zlib

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255  # channels, as the websocket protocol numbers them
TYPES = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR}
USERS = {"good": "operator", "guest": "guest"}  # by token
NAMESPACE = "fleet"


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout.decode()


def containers(namespace, pod):
    """The containers of a pod: their names there, and what docker calls them. None: there is no such pod."""
    if namespace != NAMESPACE:
        return None
    found = {"app": "hailer-" + pod}
    if pod == "pair":
        found = {"app": "hailer-c1", "side": "hailer-c2"}
    try:
        return found if run("docker", "inspect", "--format", "{{.State.Running}}", found["app"]) == "true\n" else None
    except subprocess.CalledProcessError:
        return None


# ------------------------------------------------ what is said over an upgraded connection


class WebSocket(object):
    """`feed` turns what comes into (channel, bytes) pairs, without bytes where the channel is closed; `send` sends one."""

    def __init__(self, connection):
        self.connection, self.buffer, self.message = connection, b"", b""

    def feed(self, data):
        self.buffer += data
        while True:
            frame = self.frame()
            if frame is None:
                return
            last, code, payload = frame
            if code == 9:
                self.write(10, payload)
            if code not in (0, 1, 2):
                continue
            self.message += payload
            if last:
                message, self.message = self.message, b""
                if message[:1] == bytes([CLOSE]):
                    yield message[1], None
                elif message[1:]:
                    yield message[0], message[1:]

    def frame(self):
        """The first whole frame: is it the last of its message, its code, its bytes."""
        if len(self.buffer) < 2:
            return None
        first, second = self.buffer[:2]
        at, length = 2, second & 127
        if length > 125:
            size = 2 if length == 126 else 8
            at += size
            length = int.from_bytes(self.buffer[2:at], "big") if len(self.buffer) >= at else 1 << 62
        if len(self.buffer) < at + 4 + length:
            return None
        assert second & 128, "a client's frames are masked"
        mask, payload = self.buffer[at:at + 4], self.buffer[at + 4:at + 4 + length]
        self.buffer = self.buffer[at + 4 + length:]
        key = (mask * (length // 4 + 1))[:length]
        plain = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
        return bool(first & 128), first & 15, plain.to_bytes(length, "big")

    def write(self, code, payload):
        length = len(payload)
        size = bytes([length]) if length < 126 else struct.pack(">BH", 126, length) if length < 1 << 16 else struct.pack(">BQ", 127, length)
        self.connection.sendall(bytes([128 | code]) + size + payload)

    def send(self, channel, data):
        self.write(2, bytes([channel]) + data)

    def close(self):
        self.write(8, struct.pack(">H", 1000))


class Spdy(object):
    """The same over SPDY, where each channel is a stream that the client opens."""

    SYN_STREAM, SYN_REPLY, PING, GOAWAY = 1, 2, 6, 7
    FIN = 1

    def __init__(self, connection):
        self.connection, self.buffer = connection, b""
        self.reading, self.writing = zlib.decompressobj(zdict=dictionary()), zlib.compressobj(zdict=dictionary())
        self.channels, self.streams = {}, {}

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= 8:
            word, rest = struct.unpack(">II", self.buffer[:8])
            flags, length = rest >> 24, rest & 0xFFFFFF
            if len(self.buffer) < 8 + length:
                return
            payload, self.buffer = self.buffer[8:8 + length], self.buffer[8 + length:]
            if word >> 31:
                self.control(word & 0xFFFF, payload)
                continue
            channel = self.channels.get(word)
            if channel is not None and payload:
                yield channel, payload
            if channel is not None and flags & self.FIN:
                yield channel, None

    def control(self, kind, payload):
        if kind == self.PING:
            self.write(self.PING, payload)
        elif kind == self.SYN_STREAM:
            stream = struct.unpack(">I", payload[:4])[0] & 0x7FFFFFFF
            channel = TYPES[self.headers(payload[10:])["streamtype"]]
            self.channels[stream], self.streams[channel] = channel, stream
            none = self.writing.compress(struct.pack(">I", 0)) + self.writing.flush(zlib.Z_SYNC_FLUSH)
            self.write(self.SYN_REPLY, struct.pack(">I", stream) + none)

    def headers(self, block):
        text, found = self.reading.decompress(block), {}

        def word():
            nonlocal text
            length = struct.unpack(">I", text[:4])[0]
            start, text = text[4:4 + length], text[4 + length:]
            return start.decode()

        count, text = struct.unpack(">I", text[:4])[0], text[4:]
        for _ in range(count):
            name = word()
            found[name.lower()] = word()
        return found

    def write(self, kind, payload):
        self.connection.sendall(struct.pack(">HHI", 0x8003, kind, len(payload)) + payload)

    def send(self, channel, data, flags=0):
        self.connection.sendall(struct.pack(">II", self.streams[channel], flags << 24 | len(data)) + data)

    def close(self):
        for channel in (STDOUT, STDERR, ERROR):
            if channel in self.streams:
                self.send(channel, b"", self.FIN)
        self.write(self.GOAWAY, struct.pack(">II", max(self.channels), 0))


def dictionary(made=[]):
    """What SPDY's headers are compressed with: 1,423 bytes that every program has which speaks it, so kubectl too."""
    if not made:
        for place in programs():
            with open(place, "rb") as file:
                text = file.read()
            start = text.find(b"\0\0\0\x07options")
            found = text[start:start + 1423]
            if start >= 0 and zlib.adler32(found) == 0xE3C6A7C2:
                made.append(found)
                break
    return made[0]


def programs():
    place = os.path.realpath(shutil.which("kubectl"))
    yield place
    for name in sorted(os.listdir(os.path.dirname(place))):
        if name.startswith("kubectl."):
            yield os.path.join(os.path.dirname(place), name)


# ------------------------------------------------ exec


class Exec(object):
    """A program in a container, its pipes joined to an upgraded connection."""

    def __init__(self, connection, wire, container, words):
        self.connection, self.wire = connection, wire
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(["docker", "exec", "-i", container] + words, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        self.input = queue.Queue()
        threading.Thread(target=self.feed, daemon=True).start()
        self.said = b""

    def feed(self):
        """The program's input, which may not keep its output waiting."""
        while True:
            data = self.input.get()
            try:
                if not data:
                    return self.process.stdin.close()
                view = memoryview(data)
                while view:
                    view = view[self.process.stdin.write(view):]
            except (OSError, ValueError):
                return None

    def relay(self):
        pipes = {self.process.stdout: STDOUT, self.process.stderr: STDERR}
        try:
            while pipes:
                ready = [self.connection] if self.connection.pending() else select.select([self.connection] + list(pipes), [], [])[0]
                for one in ready:
                    data = one.recv(65536) if one is self.connection else one.read(65536)
                    if one is not self.connection:
                        self.hear(pipes, one, data)
                    elif not data:
                        return self.process.kill()
                    else:
                        for channel, part in self.wire.feed(data):
                            if channel == STDIN:
                                self.input.put(part)
            self.wire.send(ERROR, json.dumps(self.status()).encode())
            return self.wire.close()
        except OSError:
            return self.process.kill()
        finally:
            self.input.put(None)
            self.process.wait()

    def hear(self, pipes, pipe, data):
        if not data:
            del pipes[pipe]
        elif b"OCI runtime exec failed" in data:
            self.said += data  # docker's own words, for which Kubernetes has others
        else:
            self.wire.send(pipes[pipe], data)

    def status(self):
        code = self.process.wait()
        if self.said:
            why = "error executing command in container: failed to exec in container: %s" % self.said.decode().strip()
            return refused(500, "InternalError", "Internal error occurred: " + why)
        if not code:
            return {"metadata": {}, "status": "Success"}
        causes = [{"reason": "ExitCode", "message": str(code)}]
        said = "command terminated with non-zero exit code"
        return {"metadata": {}, "status": "Failure", "message": said, "reason": "NonZeroExitCode", "details": {"causes": causes}}


def refused(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}


# ------------------------------------------------ the API

RESOURCES = [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get"], "shortNames": ["po"]}]
FIXED = {
    "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": RESOURCES},
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, code, reason, message):
        self.answer(code, refused(code, reason, message))

    def do_GET(self):
        place = urllib.parse.urlsplit(self.path)
        if place.path in FIXED:
            return self.answer(200, FIXED[place.path])
        user = USERS.get(self.headers.get("Authorization", "").replace("Bearer ", ""))
        if user is None:
            return self.refuse(401, "Unauthorized", "Unauthorized")
        words = place.path.strip("/").split("/")
        if words[:-1] == ["api", "v1", "namespaces"]:  # kubectl looks whether this is what is not there
            return self.namespace(words[-1])
        if words[:3:2] != ["api", "namespaces"] or len(words) not in (6, 7) or words[4] != "pods":
            return self.refuse(404, "NotFound", "the server could not find the requested resource")
        namespace, pod = words[3], words[5]
        if user != "operator":
            said = 'pods "%s" is forbidden: User "%s" cannot get resource "pods" in API group "" in the namespace "%s"'
            return self.refuse(403, "Forbidden", said % (pod, user, namespace))
        found = containers(namespace, pod)
        if found is None:
            return self.missing("pods", pod)
        if words[6:] == ["exec"]:
            return self.exec(pod, found, urllib.parse.parse_qs(place.query))
        listed = [{"name": name, "image": "fleet"} for name in found]
        about = {"name": pod, "namespace": namespace}
        status = {"phase": "Running"}
        return self.answer(200, {"kind": "Pod", "apiVersion": "v1", "metadata": about, "spec": {"containers": listed}, "status": status})

    do_POST = do_GET

    def namespace(self, name):
        if name != NAMESPACE:
            return self.missing("namespaces", name)
        return self.answer(200, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})

    def missing(self, kind, name):
        self.answer(404, dict(refused(404, "NotFound", '%s "%s" not found' % (kind, name)), details={"name": name, "kind": kind}))

    def exec(self, pod, found, query):
        container = found.get(query.get("container", ["app"])[0])
        if container is None:
            return self.refuse(400, "BadRequest", "container %s is not valid for pod %s" % (query["container"][0], pod))
        kind = self.headers.get("Upgrade", "").lower()
        offered = self.headers.get_all("Sec-Websocket-Protocol", []) + self.headers.get_all("X-Stream-Protocol-Version", [])
        offered = [name.strip() for line in offered for name in line.split(",")]
        if kind == "websocket" and "v5.channel.k8s.io" in offered:
            accepted = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            more = {"Sec-WebSocket-Accept": base64.b64encode(accepted).decode(), "Sec-WebSocket-Protocol": "v5.channel.k8s.io"}
            wire = WebSocket
        elif kind == "spdy/3.1" and "v4.channel.k8s.io" in offered:
            more = {"X-Stream-Protocol-Version": "v4.channel.k8s.io"}
            wire = Spdy
        else:
            return self.refuse(400, "BadRequest", "no protocol in common: %s %s" % (kind, offered))
        self.send_response(101)
        for name, value in dict(more, Upgrade=self.headers["Upgrade"], Connection="Upgrade").items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        with open(os.path.join(FOLDER, "spoken"), "a") as file:
            file.write(wire.__name__ + "\n")
        wire = wire(self.connection)
        if isinstance(wire, Spdy):
            self.streams(wire)
        return Exec(self.connection, wire, container, query["command"]).relay()

    def streams(self, wire):
        """Waits until the client has opened all that it wants."""
        while len(wire.streams) < len(TYPES):
            data = self.connection.recv(65536)
            if not data:
                return
            assert not list(wire.feed(data)), "input before the streams are there"


# ------------------------------------------------ certificates, and kubectl's configuration


def authority(name):
    key, certificate = os.path.join(FOLDER, name + ".key"), os.path.join(FOLDER, name + ".pem")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
        "-subj", "/CN=" + name, "-days", "2", "-addext", "subjectAltName=IP:127.0.0.1")
    return key, certificate


def configuration(port, trusted, other):
    server = "https://127.0.0.1:%d" % port
    clusters = {"fleet": (server, trusted), "untrusted": (server, other), "down": ("https://127.0.0.1:1", trusted)}
    contexts = {
        "fleet": ("fleet", "good"), "stranger": ("fleet", "bad"), "guest": ("fleet", "guest"),
        "untrusted": ("untrusted", "good"), "down": ("down", "good"),
    }
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "fleet",
        "clusters": [{"name": name, "cluster": {"server": place, "certificate-authority": ca}} for name, (place, ca) in clusters.items()],
        "users": [{"name": name, "user": {"token": name}} for name in ("good", "bad", "guest")],
        "contexts": [
            {"name": name, "context": {"cluster": cluster, "user": user, "namespace": NAMESPACE}}
            for name, (cluster, user) in contexts.items()
        ],
    }


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, context):
        http.server.ThreadingHTTPServer.__init__(self, ("127.0.0.1", 0), Handler)
        self.context = context

    def finish_request(self, request, address):
        """In the connection's own thread: whoever is slow to greet keeps nobody waiting."""
        try:
            with self.context.wrap_socket(request, server_side=True) as connection:
                self.RequestHandlerClass(connection, address, self)
        except OSError:
            pass  # it does not trust us, or it is gone


def main():
    key, certificate = authority("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    with open(os.path.join(FOLDER, "config"), "w") as file:
        json.dump(configuration(server.server_address[1], certificate, authority("other")[1]), file)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    FOLDER = sys.argv[1]
    main()
