#!/usr/bin/env python3
"""What Classroom 50 runs for each push: the public tests of the exercise, on the learner's checkout.

The bundle that this is in can be read by anyone, so nothing in it says what the grader found.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SECONDS = 900


def classroom_result(found: dict[str, Any]) -> dict[str, Any]:
    """Return result.json, in the shape that Classroom 50's “result.json contract” asks for."""
    tests = [
        {
            "test-name": one["text"],
            "passed": one["kept"],
            "score": round(one["points"]) if one["kept"] else 0,
            "max-score": round(one["points"]),
            "output": one["said"],
        }
        for one in found.get("promises", [])
    ]
    said = os.environ.get
    return {
        "schema": "classroom50/result/v1",
        "classroom": said("CLASSROOM", ""),
        "assignment": said("ASSIGNMENT", ""),
        "submission": said("SUBMISSION_TAG", ""),
        "commit": said("COMMIT_URL", ""),
        "release": said("RELEASE_URL", ""),
        "review": said("REVIEW_URL") or said("COMMIT_URL", ""),
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(one["score"] for one in tests),
        "max-score": sum(one["max-score"] for one in tests),
        "tests": tests,
    }


def main() -> int:
    """Run the public tests by the course's own interpreter, and write what they found."""
    exercise = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))["exercise"]
    course, out = HERE / "course", HERE / "public.json"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv"], check=True)
    subprocess.run([sys.executable, "-m", "uv", "sync", "--quiet", "--directory", str(course)], check=True)
    python = str(course / ".venv/bin/python")
    project = Path("work/final") if Path("work/final/app/main.py").is_file() else Path()
    words = [python, str(HERE / "public_tests.py"), exercise, str(project.resolve()), str(out)]
    subprocess.run(words, check=True, timeout=SECONDS)
    found = json.loads(out.read_text(encoding="utf-8"))
    if trouble := found.get("trouble"):
        print(f"The public tests couldn't run: {trouble}")
    Path("result.json").write_text(json.dumps(classroom_result(found), indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
