#!/usr/bin/env python3
"""A link between two network namespaces with a rate and a round-trip time, for kernels without netem.

    link.py NAMESPACE_A NAMESPACE_B --rate MBIT --rtt MS [--queue BYTES] [--device NAME]

Makes a TUN device of that name in each namespace and carries packets between them until it is ended: a packet waits
until the line is free, takes the line for its size / rate, and arrives half a round trip later; one that would make
the waiting longer than the queue is dropped, as a router's would be. TCP runs in the kernel at both ends, so
handshakes, slow start and losses cost what they cost. Segments travel unsplit (up to 64 KiB, as TSO hands them
over) and are charged for the headers they would have. Prints "up" when the devices are there. Needs root.
"""
import argparse, collections, ctypes, fcntl, os, select, signal, struct, sys, time

TUNSETIFF, TUNSETOFFLOAD, TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4 = 0x01, 0x02
CLONE_NEWNET = 0x40000000
VNET_HEADER = 10  # struct virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset
ETHERNET = 14 + 4 + 20  # header, checksum, preamble and gap: what a packet takes on a wire beside itself
TCP_HEADERS = 52  # IPv4 and TCP with timestamps, once in each further segment


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as f:
        if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter network namespace {namespace}")


def device(namespace, name):
    enter(namespace)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(fd, TUNSETVNETHDRSZ, struct.pack("i", VNET_HEADER))
    fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4)
    return fd


def bytes_on_wire(packet):
    size = len(packet) - VNET_HEADER
    gso_type, gso_size = packet[1], packet[4] | packet[5] << 8
    segments = -(-(size - TCP_HEADERS) // gso_size) if gso_type and gso_size else 1
    return size + (segments - 1) * TCP_HEADERS + segments * ETHERNET


def carry(source, sink, seconds_per_byte, delay, queue):
    """One direction, until killed."""
    waiting = collections.deque()  # (when it arrives, packet)
    idle = 0.0  # when the line is free again
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # a line is never late because programs are busy
    except PermissionError:
        os.nice(-20)
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([source], [], [], timeout)
        for _ in range(64 if readable else 0):
            try:
                packet = os.read(source, 1 << 17)
            except BlockingIOError:
                break
            now = time.monotonic()
            size = bytes_on_wire(packet)
            idle = max(idle, now)
            if idle > now and (idle - now) / seconds_per_byte + size > queue:
                continue  # dropped
            idle += size * seconds_per_byte
            waiting.append((idle + delay, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            try:
                os.write(sink, waiting.popleft()[1])
            except OSError:
                pass  # the other end is down: lost on the way


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("a")
    ap.add_argument("b")
    ap.add_argument("--rate", type=float, required=True, help="Mbit/s")
    ap.add_argument("--rtt", type=float, required=True, help="ms")
    ap.add_argument("--queue", type=int, default=1 << 20, help="bytes that may wait in each direction")
    ap.add_argument("--device", default="lbt")
    o = ap.parse_args()
    a, b = device(o.a, o.device), device(o.b, o.device)
    children = []
    for source, sink in ((a, b), (b, a)):  # a process for each direction, so that they do not wait for one another
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            carry(source, sink, 8 / (o.rate * 1e6), o.rtt / 2000, o.queue)
        children.append(child)
    print("up", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        signal.pause()
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)


main()
