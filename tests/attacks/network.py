"""Sockets: to the host, to the world, by every family, and names."""

from tests.attacks.attack import Attack


def internet(name: str, family: str, kind: str, host: str, port: str) -> Attack:
    program = f"""
        import socket, kit
        if {port!r} not in BAIT["ports"]:
            raise kit.Missing("no IPv6 here")
        with socket.socket(socket.{family}, socket.{kind}) as sock:
            sock.settimeout(2)
            sock.connect(({host}, BAIT["ports"][{port!r}]))
            sock.send(b"attack")
    """
    return Attack(name, program, "no_network", by_effect=True)


def unix(name: str, kind: str, address: str) -> Attack:
    program = f"""
        import socket
        with socket.socket(socket.AF_UNIX, socket.{kind}) as sock:
            sock.settimeout(2)
            sock.connect(BAIT[{address!r}])
            sock.send(b"attack")
    """
    return Attack(name, program, "no_unix_sockets")


ATTACKS = [
    internet("connects to loopback of the host", "AF_INET", "SOCK_STREAM", "'127.0.0.1'", "tcp"),
    internet("connects to the address of the host", "AF_INET", "SOCK_STREAM", "BAIT['address']", "tcp"),
    internet("connects to nowhere", "AF_INET", "SOCK_STREAM", "'0.0.0.0'", "tcp"),
    internet("connects over IPv6", "AF_INET6", "SOCK_STREAM", "'::1'", "tcp6"),
    internet("connects over IPv6 to IPv4", "AF_INET6", "SOCK_STREAM", "'::ffff:127.0.0.1'", "tcp"),
    internet("sends a datagram to loopback", "AF_INET", "SOCK_DGRAM", "'127.0.0.1'", "udp"),
    internet("sends a datagram to the host", "AF_INET", "SOCK_DGRAM", "BAIT['address']", "udp"),
    internet("sends a datagram over IPv6", "AF_INET6", "SOCK_DGRAM", "'::1'", "udp6"),
    Attack(
        "sends data along with the connection",
        """
        import socket
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.sendto(b"attack", 0x20000000, ("127.0.0.1", BAIT["ports"]["tcp"]))
        """,
        "no_network",
        by_effect=True,
    ),
    Attack(
        "broadcasts",
        """
        import socket
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.sendto(b"attack", ("255.255.255.255", BAIT["ports"]["udp"]))
        """,
        "no_network",
        by_effect=True,
    ),
    Attack(
        "resolves a name",
        "import socket; assert socket.getaddrinfo('example.org', 80)",
        "no_network",
    ),
    Attack(
        "asks a name server itself",
        """
        import socket
        query = b"\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7example\\3org\\0\\0\\1\\0\\1"
        servers = ["8.8.8.8", "1.1.1.1"]
        try:
            servers += [line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver")]
        except OSError:
            pass
        for server in servers:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0.5)
                try:
                    sock.sendto(query, (server, 53))
                    assert sock.recv(512)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
        "no_network",
    ),
    Attack(
        "opens sockets below the protocols",
        """
        import socket
        for family, kind, protocol in ((17, 3, 0x300), (2, 3, 1), (2, 3, 255), (10, 3, 58)):
            try:
                socket.socket(family, kind, protocol)
                return
            except OSError:
                pass
        raise PermissionError
        """,
    ),
    Attack(
        "opens sockets of rare families",
        """
        import socket
        opened = []
        for family in (*range(3, 10), *range(11, 16), *range(18, 46)):
            for kind in (1, 2, 3, 5):
                try:
                    socket.socket(family, kind, 0)
                    opened.append(family)
                except OSError:
                    pass
        assert opened
        """,
    ),
    unix("connects to a socket beside the project", "SOCK_STREAM", "stream"),
    unix("connects to a socket in the tree", "SOCK_STREAM", "stream_in_tree"),
    unix("connects to an abstract socket", "SOCK_STREAM", "abstract_stream"),
    unix("sends to a socket beside the project", "SOCK_DGRAM", "datagram"),
    unix("sends to a socket in the tree", "SOCK_DGRAM", "datagram_in_tree"),
    unix("sends to an abstract socket", "SOCK_DGRAM", "abstract_datagram"),
    Attack(
        "points one of a pair of sockets at another",
        """
        import socket
        pairs = [socket.socketpair(socket.AF_UNIX, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW)]
        reached = []
        for name in ("datagram", "datagram_in_tree", "abstract_datagram"):
            for one, _ in pairs:
                for way in (lambda: one.sendto(b"attack", BAIT[name]), lambda: one.connect(BAIT[name])):
                    try:
                        way()
                        reached.append(name)
                    except OSError:
                        pass
        assert reached
        """,
        "no_unix_sockets",
    ),
    Attack(
        "points a stream of a pair at another socket",
        """
        import socket
        reached = []
        for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            one, other = socket.socketpair(socket.AF_UNIX, kind)
            other.close()
            for name in ("stream", "abstract_stream"):
                try:
                    one.connect(BAIT[name])
                    reached.append(name)
                except OSError:
                    pass
        assert reached
        """,
        "no_unix_sockets",
    ),
    Attack(
        "speaks to a daemon of the system",
        """
        import socket
        for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/notify",
                     "/run/systemd/journal/socket", "/dev/log", "/run/nscd/socket", "/tmp/.X11-unix/X0",
                     "\\0/tmp/.X11-unix/X0", "/run/containerd/containerd.sock"):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                try:
                    socket.socket(socket.AF_UNIX, kind).connect(path)
                    return
                except OSError:
                    pass
        raise PermissionError
        """,
        "no_unix_sockets",
    ),
]
