#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The workflows of .github/: they parse, name what they need, may do no more than they say, run only actions of one
version, and the scripts in them pass shellcheck, with nothing expanded into them by anybody but the shell."""

import pathlib
import re
import subprocess
import sys

import yaml

WORKFLOWS = pathlib.Path(__file__).resolve().parents[2] / ".github" / "workflows"
ACTION = re.compile(r"(\./\.github/workflows/[\w.-]+\.yml|[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40}))")
# What a run step may name of the tree: the rest is found by PATH.
OURS = re.compile(r"(?:scripts|tests)/[\w./-]+")

bad = 0


def complain(where, what):
    global bad
    bad = 1
    print(f"{where}: {what}", file=sys.stderr)


def check_action(where, action):
    if not ACTION.fullmatch(action):
        complain(where, f"'{action}' is not an action with its version")
    if action.startswith("./") and not (WORKFLOWS.parents[1] / action).is_file():
        complain(where, f"there is no {action}")


def check_script(where, script):
    if "${{" in script:
        complain(where, "an expression inside a script: pass it by env")
    for path in OURS.findall(script):
        if not (WORKFLOWS.parents[1] / path).is_file():
            complain(where, f"there is no {path}")
    # In a container without bash(1) it is sh; -e is how GitHub runs both.
    ran = subprocess.run(["shellcheck", "--shell=sh", "--norc", "-"], input="set -e\n" + script, text=True,
                         capture_output=True)
    if ran.returncode != 0:
        complain(where, ran.stdout)


def check_step(where, step):
    if ("run" in step) == ("uses" in step):
        complain(where, "a step runs a script, or uses an action")
    elif "run" in step:
        check_script(where, step["run"])
    else:
        check_action(where, step["uses"])


def check_job(where, job, names):
    needs = job.get("needs", [])
    for needed in [needs] if isinstance(needs, str) else needs:
        if needed not in names:
            complain(where, f"needs '{needed}', which is no job")
    if "uses" in job:
        check_action(where, job["uses"])
        return
    for key in ("runs-on", "timeout-minutes", "steps"):
        if key not in job:
            complain(where, f"has no {key}")
    for number, step in enumerate(job.get("steps", []), 1):
        check_step(f"{where}, step {number}", step)


def check_workflow(path):
    workflow = yaml.safe_load(path.read_text())
    # YAML 1.1 takes `on` for a truth value.
    if not workflow.get(True):
        complain(path.name, "is run by nothing")
    if workflow.get("permissions") != {"contents": "read"}:
        complain(path.name, "may do more than read, in all of its jobs")
    for name, job in workflow["jobs"].items():
        check_job(f"{path.name}: {name}", job, workflow["jobs"])


files = sorted(WORKFLOWS.glob("*.yml"))
if not files:
    complain(WORKFLOWS, "there are no workflows")
for file in files:
    check_workflow(file)
sys.exit(bad)
