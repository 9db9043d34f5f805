"""Bundles made by hand, run by the real wrapper: beside one another, and as HTCondor would, in sandboxes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRAPPER = Path(__file__).resolve().parents[2] / "wrapper"

# A container of mount namespaces and chroot, with the programs of the host.
BOX_RUNTIME = r"""
box_detect() { runtime_path=$(type -P unshare) runtime_version=1; }
box_image() { image=$1; }
box_argv() {
  argv=(unshare --mount --map-root-user sh -c '
    image=$1; shift
    mount --bind "$image" "$image" || exit
    for name in bin dev etc lib lib64 sbin usr; do
      [ ! -d /$name ] || { mkdir -p "$image/$name" && mount --rbind /$name "$image/$name"; } || exit
    done
    while [ "$1" != // ]; do
      if [ -d "$1" ]; then mkdir -p "$image$2"; else mkdir -p "$image${2%/*}" && : >>"$image$2"; fi
      mount --bind "$1" "$image$2" || exit
      [ "$3" = rw ] || mount -o "remount,bind,$3" "$image$2" || exit
      shift 3
    done
    shift; exec chroot "$image" "$@"' sh "$image" "${binds[@]}" //)
}
"""


@dataclass
class Result:
    code: int
    log: str
    events: list[dict[str, Any]]

    @property
    def final(self) -> dict[str, Any]:
        assert self.events[-1]["ev"] == "final", self.events[-1]
        return self.events[-1]

    @property
    def reason(self) -> str:
        return str(self.final["reason"])

    def names(self) -> list[str]:
        return [str(event["ev"]) for event in self.events]


@dataclass
class Bundle:
    """A bundle and one run of it; `mode` is local (make), shared (Slurm) or condor."""

    path: Path
    mode: str = "local"
    env: dict[str, str] = field(default_factory=dict)
    parents: dict[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run_dir = self.path / "run"
        self.scratch = self.path / "scratch"
        for name in ("nodes", "inputs", "scratch", "run"):
            (self.path / name).mkdir(parents=True)
        (self.path / "lib").symlink_to(WRAPPER)

    def node(
        self,
        id: str,
        command: str,
        *,
        parents: Sequence[str] = (),
        inputs: Sequence[str] = (),
        interpreter: str = "bash",
        more: str = "",
    ) -> None:
        """`command` is shell text printed by wfc_command, `$root` in it is replaced as the compiler's templates do."""
        parts = command.split("$root")
        printed = '"$root"'.join(shlex.quote(part) for part in parts)
        self.parents[id] = parents
        script = f"""#!/bin/bash
wfc_step=step wfc_interpreter={shlex.quote(interpreter)} wfc_image= wfc_image_key=
wfc_return={"condor" if self.mode == "condor" else "shared"} wfc_containers=auto
wfc_node() {{ id={shlex.quote(id)}; parents=({shlex.join(parents)}); inputs=({shlex.join(inputs)}); }}
wfc_command() {{ printf '%s' {printed}; }}
{more}
source "${{WFC_LIB:-{self.path}/lib}}/node.sh"; wfc_main "$@"
"""
        self.script(id).write_text(script, errors="surrogateescape")

    def script(self, id: str) -> Path:
        return self.path / "nodes" / (id.replace("/", ".") + ".sh")

    def environment(self, **more: str) -> dict[str, str]:
        env = {"PATH": os.environ["PATH"], "WFC_SCRATCH": str(self.scratch), **self.env}
        if self.mode == "local":
            env["WFC_LOCAL"] = "1"
        return env | more

    def start(self, id: str, **env: str) -> subprocess.Popen[bytes]:
        cwd = self.sandbox(id) if self.mode == "condor" else self.path
        script = "job.sh" if self.mode == "condor" else str(self.script(id))
        with open(cwd / f"{id.replace('/', '.')}.out", "wb") as out, open(self.events_file(cwd, id), "wb") as err:
            job = subprocess.Popen(
                ["bash", script], cwd=cwd, env=self.environment(**env), stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        job.wfc = (id, cwd)  # type: ignore[attr-defined]
        return job

    @staticmethod
    def events_file(cwd: Path, id: str) -> Path:
        return cwd / f"{id.replace('/', '.')}.events"

    def end(self, job: subprocess.Popen[bytes]) -> Result:
        code = job.wait(60)
        id, cwd = job.wfc  # type: ignore[attr-defined]
        if self.mode == "condor":
            # HTCondor returns the directory, and without an exit status nothing.
            if code >= 0:
                target = self.run_dir / id
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(cwd / "run" / id, target, symlinks=True)
            result = self.result(code, cwd, id)
            shutil.rmtree(cwd)
            return result
        return self.result(code, cwd, id)

    def result(self, code: int, cwd: Path, id: str) -> Result:
        log = (cwd / f"{id.replace('/', '.')}.out").read_text(errors="surrogateescape")
        text = self.events_file(cwd, id).read_text()
        return Result(code, log, [json.loads(line) for line in text.splitlines()])

    def run(self, id: str, **env: str) -> Result:
        return self.end(self.start(id, **env))

    def done(self, id: str, **env: str) -> Result:
        result = self.run(id, **env)
        assert result.code == 0, (result.log, result.events)
        return result

    def sandbox(self, id: str) -> Path:
        count = len(list(self.path.glob("sandbox*")))
        path = self.path / f"sandbox{count}-{os.urandom(3).hex()}"
        (path / "run").mkdir(parents=True)
        (path / "lib").symlink_to(WRAPPER)
        shutil.copytree(self.path / "inputs", path / "inputs")
        if (bound := self.run_dir / ".inputs").exists():  # HTCondor brings what the links lead to
            shutil.copytree(bound, path / "run/.inputs", ignore_dangling_symlinks=True)
        shutil.copy(self.script(id), path / "job.sh")
        text = self.script(id).read_text(errors="surrogateescape").replace(f"{self.path}/lib", str(path / "lib"))
        (path / "job.sh").write_text(text, errors="surrogateescape")
        for parent in self.parents[id]:
            if (self.run_dir / parent).exists():
                shutil.copytree(self.run_dir / parent, path / "run" / parent, symlinks=True)
        where = f'Iwd = "{self.path}/sandbox-{count}"\nOrigIwd = "{self.path}"\n'
        ad = f'{where}GlobalJobId = "head#7.0#1"\nClusterId = 7\nProcId = {count}\n'
        (path / ".job.ad").write_text(ad)
        return path

    def record(self, id: str) -> dict[str, Any]:
        record = json.loads((self.run_dir / id / "done.json").read_text(encoding="utf-8"))
        assert isinstance(record, dict)
        return record

    def leftovers(self) -> list[str]:
        """Whatever should not outlive a job."""
        found = [p for p in self.scratch.iterdir()]
        found += [p for p in self.run_dir.rglob("*") if ".wfc-" in p.name or p.parent.name == ".locks"]
        return sorted(str(p.relative_to(self.path)) for p in found)


MakeBundle = Callable[..., Bundle]
