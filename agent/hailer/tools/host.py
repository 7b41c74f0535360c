"""The tool Facts: what a host is, in typed sections. `core` is the agent's own namespace."""
import os
import socket
import struct
import sys

tool = core.module("hailer.tool")
known = core.module("hailer.facts")

PSEUDO = frozenset(
    "autofs bpf binfmt_misc cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fuse.gvfsd-fuse fusectl hugetlbfs mqueue nsfs "
    "proc pstore rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs".split())
REMOTE = frozenset("9p afs ceph cifs fuse.sshfs glusterfs nfs nfs4 smb3 smbfs".split())
GETADDR, DUMP, DONE, ERROR, NEWADDR = 22, 0x301, 3, 2, 20  # of rtnetlink(7)

System = tool.record(__name__, "System", "hostname os version name kernel architecture boot_time init container")
Cpu = tool.record(__name__, "Cpu", "model count load1 load5 load15")
Memory = tool.record(__name__, "Memory", "total available used swap_total swap_free")
Mount = tool.record(__name__, "Mount", "mount device kind total used free")
Interface = tool.record(__name__, "Interface", "name state mac mtu addresses")
Network = tool.record(__name__, "Network", "ip gateway interfaces")
Python = tool.record(__name__, "Python", "version implementation executable")
SECTIONS = "system cpu memory storage network python"
Host = tool.record(__name__, "Host", SECTIONS)


class Facts(tool.Tool):
    """What the host is. Sizes are bytes, times seconds since 1970."""

    @classmethod
    def gather(cls, *sections):
        """The sections that are named, or all: system, cpu, memory, storage, network, python. The others are None."""
        for name in sections:
            if name not in SECTIONS.split():
                raise ValueError("there is no section %r; there are %s" % (name, SECTIONS))
        wanted = sections or SECTIONS.split()
        return Host(*[getattr(cls, name)() if name in wanted else None for name in SECTIONS.split()])

    @staticmethod
    def system():
        """What it is called, and what runs it."""
        release, uname = os_release(), os.uname()
        return System(uname[1], release.get("ID"), release.get("VERSION_ID"), release.get("PRETTY_NAME") or uname[0], uname[2],
                      uname[4], boot_time(), init(), container())

    @staticmethod
    def cpu():
        model = None
        for line in lines("/proc/cpuinfo"):
            if line.split(":")[0].strip() in ("model name", "Processor", "cpu model", "cpu"):
                model = line.split(":", 1)[1].strip()
                break
        return Cpu(model, os.sysconf("SC_NPROCESSORS_ONLN"), *os.getloadavg())

    @staticmethod
    def memory():
        tool.need_linux("Facts.memory")
        found = {}
        for line in lines("/proc/meminfo"):
            words = line.replace(":", " ").split()
            found[words[0]] = int(words[1]) * 1024
        free = found.get("MemFree", 0) + found.get("Buffers", 0) + found.get("Cached", 0)  # of kernels before 3.14
        available = found.get("MemAvailable", free)
        return Memory(found.get("MemTotal"), available, found.get("MemTotal", 0) - available, found.get("SwapTotal"),
                      found.get("SwapFree"))

    @staticmethod
    def storage():
        """Each file system once; those of other machines without sizes, since asking may take for ever."""
        tool.need_linux("Facts.storage")
        found, seen = [], set()
        for line in lines("/proc/self/mounts"):
            device, mount, kind = [unescaped(word) for word in line.split()[:3]]
            if kind in PSEUDO or mount.startswith(("/proc/", "/sys/")):
                continue
            if (device, kind) in seen and device.startswith("/") or kind not in REMOTE and not os.path.isdir(mount):
                continue
            seen.add((device, kind))
            total = used = free = None
            if kind not in REMOTE:
                try:
                    about = os.statvfs(mount)
                except OSError:
                    continue  # hidden from us
                if not about.f_blocks:
                    continue
                total, free = about.f_blocks * about.f_frsize, about.f_bavail * about.f_frsize
                used = (about.f_blocks - about.f_bfree) * about.f_frsize
            found.append(Mount(mount, device, kind, total, used, free))
        return found

    @staticmethod
    def network():
        tool.need_linux("Facts.network")
        gateways = [route["gateway"] for route in known.routes() if route["destination"] == "default"]
        given = addresses()
        interfaces = []
        for name in sorted(os.listdir("/sys/class/net")):
            at = "/sys/class/net/%s/" % name
            if os.path.isdir(at):
                mtu = first(at + "mtu")
                interfaces.append(Interface(name, first(at + "operstate"), first(at + "address") or None,
                                            int(mtu) if mtu else None, given.get(name, [])))
        return Network(known.ip(), gateways[0] if gateways else None, interfaces)

    @staticmethod
    def python():
        implementation = "PyPy" if "PyPy" in sys.version else "CPython"
        return Python("%d.%d.%d" % sys.version_info[:3], implementation, sys.executable)


def lines(path):
    try:
        with open(path) as file:
            return file.read().splitlines()
    except (IOError, OSError):
        return []


def first(path):
    """The first line of a file; "" without one."""
    try:
        return (lines(path) or [""])[0].strip()
    except ValueError:
        return ""


def os_release():
    found = {}
    for line in lines("/etc/os-release") or lines("/usr/lib/os-release"):
        name, equals, value = line.partition("=")
        if equals:
            found[name.strip()] = value.strip().strip("\"'")
    return found


def boot_time():
    for line in lines("/proc/stat"):
        if line.startswith("btime "):
            return int(line.split()[1])
    return None


def init():
    """What process 1 is: "systemd", "init", or whatever a container runs."""
    return "systemd" if os.path.isdir("/run/systemd/system") else first("/proc/1/comm") or None


def container():
    """The kind of container that this is, as far as it can be seen from inside; None for a machine."""
    if os.path.exists("/.dockerenv"):
        return "docker"
    if os.path.exists("/run/.containerenv"):
        return "podman"
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    return first("/run/systemd/container") or None


def unescaped(word):
    """A word of /proc/self/mounts, where blanks are written as octal numbers."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        word = word.replace(code, char)
    return word


def addresses():
    """Interface -> its addresses as "192.0.2.1/24", asked of the kernel over netlink."""
    names = {}
    for name in os.listdir("/sys/class/net"):
        number = first("/sys/class/net/%s/ifindex" % name)
        if number:
            names[int(number)] = name
    found = {}
    try:
        asker = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    except (AttributeError, socket.error):
        return found
    try:
        asker.settimeout(5)
        asker.bind((0, 0))
        asker.send(struct.pack("=IHHIIB3x", 20, GETADDR, DUMP, 1, 0, 0))
        while True:
            data = asker.recv(1 << 16)
            while len(data) >= 16:
                length, kind = struct.unpack("=IH", data[:6])
                if kind in (DONE, ERROR) or length < 16:
                    return found
                if kind == NEWADDR:
                    index, address = read_address(data[16:length])
                    if address and index in names:
                        found.setdefault(names[index], []).append(address)
                data = data[(length + 3) & ~3:]
    except socket.error:
        return found
    finally:
        asker.close()


def read_address(data):
    """(number of the interface, address with prefix) of one message: an ifaddrmsg, and attributes behind it."""
    family, prefix, _, _, index = struct.unpack("=BBBBI", data[:8])
    parts = {}
    data = data[8:]
    while len(data) >= 4:
        length, kind = struct.unpack("=HH", data[:4])
        if length < 4:
            break
        parts[kind] = data[4:length]
        data = data[(length + 3) & ~3:]
    packed = parts.get(2) or parts.get(1)  # IFA_LOCAL, IFA_ADDRESS
    if family not in (socket.AF_INET, socket.AF_INET6) or not packed:
        return index, None
    return index, "%s/%d" % (socket.inet_ntop(family, packed), prefix)
