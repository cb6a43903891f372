"""The environment of what cannot be installed beside arq: in var/, from `requirements.txt`, every file by its hash."""

import hashlib
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def programs(var: Path) -> Path:
    """The folder of its programs. Made when first asked for, and again when the requirements have changed."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    folder = var / "peers"
    stamp = folder / ".requirements"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = ["install", "-q", "--disable-pip-version-check", "--require-hashes", "-r"]
        subprocess.run([folder / "bin" / "pip", *install, REQUIREMENTS], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def pinned(package: str) -> str:
    """The version that is installed there. KeyError if none is."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pins = dict(line.split()[0].split("==") for line in lines if "==" in line and line[0] != " ")
    return pins[package]
