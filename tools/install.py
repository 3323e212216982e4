"""Makes .venv from the locks, with nothing but a python3 that may lack pip and ensurepip (Debian's does).

    python3 tools/install.py runtime|dev

A vendored pip installs uv and the build backend (requirements/bootstrap.lock), uv the rest. Every file is checked
against the hash in its lock. Whatever pip was told about its index and certificates, uv is told too.
"""

import ast
import os
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
STAMPS = {"runtime": ["runtime"], "dev": ["runtime", "dev"]}  # dev.lock holds all of runtime.lock
# What pip calls it: what uv calls it.
SAME_FOR_UV = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}


def main(wanted: str) -> None:
    if sys.version_info < OLDEST:
        here = sys.version.split()[0]
        sys.exit(
            f"Mintmark needs Python 3.11 or newer, and {sys.executable} is {here}: make PYTHON=/path/to/a/newer/one"
        )
    make_venv()
    run(*pip(), "install", "--quiet", "--no-deps", "--require-hashes", "-r", "requirements/bootstrap.lock")
    env = uv_environment()
    run(str(UV), "pip", "install", "--quiet", "--require-hashes", "-r", f"requirements/{wanted}.lock", env=env)
    run(str(UV), "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--offline", "-e", ".", env=env)
    compile_all()
    for stamp in STAMPS[wanted]:
        (VENV / f".{stamp}").touch()


def compile_all() -> None:
    """Where Python may write no byte code (PYTHONDONTWRITEBYTECODE), every start would compile all of it anew.

    What is no Python of this version, as packages bring it for others, stays as it is.
    """
    subprocess.run(
        [str(PYTHON), "-m", "compileall", "-qq", "-j", "0", str(VENV / "lib"), "src/mintmark"], cwd=ROOT, check=False
    )


def make_venv() -> None:
    """Keeps a .venv that still runs (its python3 may have been removed or be too old); makes it anew otherwise."""
    probe = [str(PYTHON), "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]
    if PYTHON.exists() and subprocess.run(probe, check=False).returncode == 0:
        return
    venv.EnvBuilder(with_pip=False, symlinks=True, clear=True).create(VENV)


def pip() -> list[str]:
    (wheel,) = ROOT.glob("tools/pip-*.whl")
    return [str(PYTHON), str(wheel / "pip")]


def uv_environment() -> dict[str, str]:
    """The environment for uv: what pip's configuration says, from its files and from PIP_ variables alike."""
    env = {"UV_LINK_MODE": "copy", **os.environ, "VIRTUAL_ENV": str(VENV), "UV_PYTHON_DOWNLOADS": "never"}
    listed = subprocess.run([*pip(), "config", "list"], capture_output=True, text=True, check=False, cwd=ROOT).stdout
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        wanted = SAME_FOR_UV.get(name.rpartition(".")[2])
        if wanted and wanted not in os.environ:
            env[wanted] = str(ast.literal_eval(value))
    return env


def run(*command: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=env, check=False)
    if done.returncode:
        sys.exit(f"This failed: {' '.join(command)}")


if __name__ == "__main__":
    main(sys.argv[1])
