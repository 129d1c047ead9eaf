"""What a served app's process has to do, and the ways in which it can fail to start."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


class AppFailed(Exception):
    """The app couldn't be served.

    `kind` is one of: syntax, import, missing (a package that is not installed), no-app, exit, hang, startup, port.
    `text` is written for the person whose app it is: their file and line, none of ours.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


@dataclass(frozen=True)
class Job:
    """One app to serve. Travels as one line of JSON.

    `folder` holds `data/`, the app's working directory, and `log`; with `log=None` the app writes to the standard
    error that it inherits. After `patience` seconds, a start that doesn't end is called a hang, and code that doesn't
    let another thread run ends the app. `grace` is how many seconds running requests and tasks get when the line ends
    (0: none). `colours`: the log is read on a terminal that has them. `probes`: the app gets a few more routes, see
    probes.py. `clock`: how many seconds its clock is ahead, see there too.
    """

    app: Path
    folder: Path | None = None
    data: Path | None = None
    log: Path | None = None
    env: dict[str, str] = field(default_factory=dict)
    inherit_env: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    patience: float = 30.0
    grace: float = 0.0
    report_imports: bool = False
    colours: bool = False
    probes: bool = False
    clock: int = 0

    def to_line(self) -> bytes:
        fields = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
        return json.dumps(fields).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        fields: dict[str, Any] = json.loads(line)
        for name in ("app", "folder", "data", "log"):
            if fields[name] is not None:
                fields[name] = Path(fields[name])
        return cls(**fields)
