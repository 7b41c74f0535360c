"""What a host knows of itself: functions for tunnel.call(). `core` is the agent's own namespace."""
import socket
import struct
import sys


def python_version(short=False):
    """[3, 11, 2, "final", 0]; [3, 11] if short."""
    return list(sys.version_info)[:2 if short else 5]


def python_executable():
    return sys.executable


def ip():
    """The first IPv4 address that others may reach, of the default route's interface if there is one; or None."""
    devices = [route["device"] for route in routes() if route["destination"] == "default"]
    with open("/proc/net/dev") as file:
        devices += [line.split(":")[0].strip() for line in file if ":" in line]
    for device in devices:
        found = address(device)
        if found and not found.startswith(("127.", "169.254.")):
            return found
    return None


def address(device):
    """The IPv4 address of an interface, or None."""
    import fcntl

    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # SIOCGIFADDR: the address stands behind the name and the head of a sockaddr_in.
        answer = fcntl.ioctl(asker.fileno(), 0x8915, struct.pack("256s", device.encode()[:15]))
        return socket.inet_ntoa(answer[20:24])
    except (IOError, OSError):
        return None
    finally:
        asker.close()


def routes():
    """The IPv4 routes: dicts of destination ("default" or "10.0.0.0/8"), gateway or None, device, metric."""
    found = []
    with open("/proc/net/route") as file:
        for line in file.readlines()[1:]:
            device, destination, gateway, flags, _, _, metric, mask = line.split()[:8]
            if not int(flags, 16) & 1:
                continue  # it is not up
            bits = bin(int(mask, 16)).count("1")
            found.append({
                "destination": "%s/%d" % (dotted(destination), bits) if bits else "default",
                "gateway": dotted(gateway) if int(gateway, 16) else None,
                "device": device,
                "metric": int(metric),
            })
    return found


def dotted(number):
    """An address as the kernel writes it there: hexadecimal, in the order of this machine's bytes."""
    return socket.inet_ntoa(struct.pack("=I", int(number, 16)))
