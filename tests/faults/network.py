"""Hosts of a small network on this machine: a network namespace each, joined by a bridge, so that one can be cut off."""

import os
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

SWITCH = "10.77.0.1"
"""Where the servers listen: on this machine itself."""
NETWORK = "10.77.0.0/24"


@dataclass(frozen=True)
class Host:
    """A namespace with an address of its own and one cable to the bridge."""

    name: str
    cable: str

    @property
    def within(self) -> Sequence[str]:
        """What comes before a command that is to run on this host."""
        return _ip("netns", "exec", self.name)

    def cut_off(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        _run("link", "set", self.cable, "down")

    def join_again(self) -> None:
        _run("link", "set", self.cable, "up")


def why_not_available() -> str | None:
    """Why this machine cannot have such a network, or None when it can."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need root and the command ip (Debian: apt-get install iproute2)"
    probe = f"onb{os.getpid()}"
    made = subprocess.run(_ip("netns", "add", probe), capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"the kernel refuses network namespaces: {made.stderr.strip()}"
    _run("netns", "delete", probe)
    return None


@contextmanager
def hosts(number: int) -> Generator[list[Host]]:
    """So many hosts, which reach servers at `SWITCH`; all gone afterwards."""
    bridge = f"onb{os.getpid()}"
    with ExitStack() as stack:
        _run("link", "add", "name", bridge, "type", "bridge")
        stack.callback(_run, "link", "delete", bridge)
        _run("address", "add", f"{SWITCH}/24", "dev", bridge)
        _run("link", "set", bridge, "up")
        yield [_host(stack, bridge, place) for place in range(1, number + 1)]


def _host(stack: ExitStack, bridge: str, place: int) -> Host:
    host = Host(f"{bridge}-{place}", f"{bridge}p{place}")
    _run("netns", "add", host.name)
    stack.callback(_run, "netns", "delete", host.name)  # and its end of the cable, so the other too
    _run("link", "add", host.cable, "type", "veth", "peer", "name", "eth0", "netns", host.name)
    _run("link", "set", host.cable, "master", bridge, "up")
    _run("-n", host.name, "address", "add", f"10.77.0.{10 + place}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _run("-n", host.name, "link", "set", device, "up")
    return host


def _run(*arguments: str) -> None:
    subprocess.run(_ip(*arguments), check=True, stdin=subprocess.DEVNULL)


def _ip(*arguments: str) -> list[str]:
    return [str(Path(shutil.which("ip") or "ip")), *arguments]
