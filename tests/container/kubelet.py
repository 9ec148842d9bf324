#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one pod as a kubelet does, with podman: `podman kube play` of Debian 12 knows neither Jobs, nor
native sidecars, nor probes, nor hooks. What it runs are the manifests in deploy/, as they are.

    kubelet.py --root DIR [OPTION]... MANIFEST
        --name NAME                 of the pod, instead of the manifest's
        --command CONTAINER=SCRIPT  what the container runs instead, with sh -c
        --args CONTAINER=ARGUMENTS  its arguments, separated by spaces
        --memory CONTAINER=SIZE     its limit
        --grace SECONDS             terminationGracePeriodSeconds
        --after CONTAINER=OTHER     starts once the other one is over
    kubelet.py --print MANIFEST     the pod that is in it, as a kind that podman knows

Order and timing are those that a kubelet 1.36 was seen to have:

- init containers one after the other; one with restartPolicy Always is a native sidecar: the next one
  comes once its startup probe has succeeded; then all others at once;
- once the others have ended for good, or on SIGTERM (the pod is deleted): preStop hooks of all that run
  at the same time, TERM after each one's; a native sidecar gets TERM once all others, and those that
  were started after it, are gone; KILL when the grace period is over, but a native sidecar has at least
  two seconds;
- who ended is started again, as a new container, by restartPolicy; native sidecars always; but nobody in a pod
  that is being deleted.

It says on standard output, a line each, what happens. Exit status: 0 the pod Succeeded or was deleted,
1 it Failed, 3 something is still mounted in its volumes (a kubelet could not delete it), 100 usage.

It refuses what it does not know, so that no field is passed over in silence. What differs from a
kubelet: back-off is one second, not ten and more; probes come once a second; images are not pulled.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time

import yaml

PROPAGATION = {"Bidirectional": "rshared", "HostToContainer": "rslave", "None": "rprivate"}
# What has no meaning for podman, or is looked at by the API server or the scheduler only.
PASSED_OVER = {"imagePullPolicy", "ports", "terminationMessagePolicy", "livenessProbe"}
BACK_OFF = 1
SIDECAR_GRACE = 2


def die(what):
    print("kubelet.py: " + what, file=sys.stderr)
    sys.exit(100)


def say(*words):
    """In one write, as several threads do, and tests look for whole lines."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def podman(*arguments, check=True):
    done = subprocess.run(("podman",) + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"podman {' '.join(arguments)}: {done.stderr.strip()}")
    return done


def known(what, found, *names):
    unknown = set(found) - set(names)
    if unknown:
        die(f"{what}: unknown to this test: {', '.join(sorted(unknown))}")


# ---- what is in a manifest


def security_flags(c):
    s = c.get("securityContext", {})
    known("securityContext", s, "privileged", "runAsUser", "runAsGroup", "runAsNonRoot", "capabilities",
          "readOnlyRootFilesystem", "allowPrivilegeEscalation", "seccompProfile")
    flags = []
    if s.get("privileged"):
        flags.append("--privileged")
    if "runAsUser" in s:
        flags.append(f"--user={s['runAsUser']}:{s.get('runAsGroup', s['runAsUser'])}")
    if s.get("runAsNonRoot") and not s.get("runAsUser"):
        die("runAsNonRoot without runAsUser")
    if s.get("readOnlyRootFilesystem"):
        flags += ["--read-only", "--read-only-tmpfs=false"]
    if s.get("allowPrivilegeEscalation") is False:
        flags.append("--security-opt=no-new-privileges")
    capabilities = s.get("capabilities", {})
    flags += ["--cap-add=" + name for name in capabilities.get("add", [])]
    flags += ["--cap-drop=" + name.lower() for name in capabilities.get("drop", [])]
    return flags


def size_of(quantity):
    for suffix, unit in (("Ki", 2**10), ("Mi", 2**20), ("Gi", 2**30)):
        if quantity.endswith(suffix):
            return int(quantity[:-2]) * unit
    return int(quantity)


def resource_flags(c):
    r = c.get("resources", {})
    known("resources", r, "limits", "requests")
    limits = r.get("limits", {})
    known("limits", limits, "memory", "cpu")
    if "memory" not in limits:
        return []
    memory = size_of(limits["memory"])
    return [f"--memory={memory}", f"--memory-swap={memory}"]


class Container:
    """One container of the pod over all its restarts."""

    def __init__(self, pod, spec, kind):
        known(spec["name"], spec, "name", "image", "command", "args", "env", "workingDir", "volumeMounts",
              "securityContext", "resources", "lifecycle", "startupProbe", "readinessProbe", "restartPolicy",
              *PASSED_OVER)
        self.pod, self.spec, self.kind = pod, spec, kind
        self.name = spec["name"]
        self.full_name = f"{pod.name}.{self.name}"
        self.attempt = 0
        self.code = None
        self.stopping = False
        self.running = False
        self.started = threading.Event()
        self.over = threading.Event()

    # -- making it

    def mount_flags(self):
        flags = []
        for m in self.spec.get("volumeMounts", []):
            known("volumeMounts", m, "name", "mountPath", "mountPropagation", "readOnly", "subPath")
            source = os.path.join(self.pod.volumes[m["name"]], m.get("subPath", ""))
            options = PROPAGATION[m.get("mountPropagation", "None")]
            if m.get("readOnly"):
                options += ",ro"
            flags += ["-v", f"{source}:{m['mountPath']}:{options}"]
        return flags

    def env_flags(self):
        flags = []
        for e in self.spec.get("env", []):
            value = e.get("value", "")
            if "valueFrom" in e:
                value = {"metadata.name": self.pod.name,
                         "metadata.namespace": "default"}[e["valueFrom"]["fieldRef"]["fieldPath"]]
            flags += ["-e", f"{e['name']}={value}"]
        return flags

    def create(self):
        s = self.spec
        podman("rm", "-f", "-i", self.full_name)
        flags = ["--pod", self.pod.name, "--name", self.full_name, "--log-driver=k8s-file",
                 f"--log-opt=path={self.pod.root}/{self.full_name}.log", "--no-healthcheck"]
        flags += self.mount_flags() + self.env_flags() + security_flags(s) + resource_flags(s)
        if "workingDir" in s:
            flags += ["-w", s["workingDir"]]
        if "command" in s:
            flags.append("--entrypoint=" + json.dumps(s["command"]))
        podman("create", "--pull=never", *flags, s["image"], *s.get("args", []))

    # -- its life

    def again(self):
        if self.stopping or self.pod.deleted:
            return False
        if self.kind == "sidecar" or self.pod.restart == "Always" and self.kind == "main":
            return True
        return self.pod.restart == "OnFailure" and self.code != 0

    def run_once(self):
        self.create()
        self.attempt += 1
        with self.pod.lock:
            if self.stopping:
                return
            podman("start", self.full_name)
            self.running = True
        say("start", self.name, self.attempt)
        self.probe("startupProbe", self.started, "started")
        self.code = int(podman("wait", self.full_name).stdout)
        self.running = False
        say("exit", self.name, self.code)

    def run(self):
        try:
            self.run_once()
            while self.again():
                time.sleep(BACK_OFF)
                self.run_once()
        except Exception as e:
            # As CreateContainerError: others have to be told, or would wait for ever.
            say("error", self.name, e)
            self.code = 128
        self.started.set()
        self.over.set()
        self.pod.changed.set()

    # -- probes and hooks

    def do(self, action):
        if "exec" in action:
            return podman("exec", self.full_name, *action["exec"]["command"], check=False).returncode == 0
        if "tcpSocket" in action:
            # From within the pod's network, as no other leads there.
            return podman("exec", self.full_name, "nc", "127.0.0.1", str(action["tcpSocket"]["port"]),
                          check=False).returncode == 0
        return die(f"{self.name}: no such probe: {action}")

    def probe(self, which, event, word):
        """In the background, so that a container that ends meanwhile is noticed."""
        p = self.spec.get(which)
        attempt = self.attempt

        def current():
            return self.running and self.attempt == attempt

        def look():
            while p and current() and not self.do(p):
                time.sleep(1)
            if current():
                event.set()
                say(word, self.name)
                if which == "startupProbe" and "readinessProbe" in self.spec:
                    self.probe("readinessProbe", threading.Event(), "ready")

        threading.Thread(target=look, daemon=True).start()

    def stop(self, deadline):
        """Returns once it is gone. The hook has run before."""
        with self.pod.lock:
            self.stopping = True
            running = self.running
        if running:
            say("term", self.name)
            podman("kill", "-s", "TERM", self.full_name, check=False)
            if not self.over.wait(max(0, deadline - time.monotonic())):
                say("kill", self.name)
                podman("kill", "-s", "KILL", self.full_name, check=False)
        self.over.wait()

    def hook(self):
        action = self.spec.get("lifecycle", {}).get("preStop")
        if action and self.running:
            say("prestop", self.name)
            say("prestopped", self.name, "0" if self.do(action) else "1")


# ---- the pod


class Pod:
    def __init__(self, name, spec, root, after):
        known("pod", spec, "containers", "initContainers", "volumes", "restartPolicy", "shareProcessNamespace",
              "terminationGracePeriodSeconds", "automountServiceAccountToken", "securityContext", "enableServiceLinks")
        self.name, self.spec, self.root = name, spec, root
        self.restart = spec.get("restartPolicy", "Always")
        self.grace = spec.get("terminationGracePeriodSeconds", 30)
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.deleted = False
        self.volumes = {v["name"]: self.volume(v) for v in spec.get("volumes", [])}
        self.init = [Container(self, c, "sidecar" if c.get("restartPolicy") == "Always" else "init")
                     for c in spec.get("initContainers", [])]
        self.main = [Container(self, c, "main") for c in spec["containers"]]
        self.after = {name: self.named(other) for name, other in after.items()}
        self.launched = []

    def named(self, name):
        return next(c for c in self.main + self.init if c.name == name)

    def volume(self, v):
        known("volume", v, "name", "emptyDir", "hostPath")
        if "hostPath" in v:
            return v["hostPath"]["path"]
        directory = os.path.join(self.root, self.name, v["name"])
        os.makedirs(directory, exist_ok=True)
        # As kubelet makes them.
        os.chmod(directory, 0o777)
        return directory

    def launch(self, c):
        self.launched.append(c)

        def run():
            if c.name in self.after:
                self.after[c.name].over.wait()
            c.run()

        threading.Thread(target=run, daemon=True).start()

    def sidecars(self):
        return [c for c in self.launched if c.kind == "sidecar"]

    def start(self):
        """Whether all init containers have done their part."""
        for c in self.init:
            self.launch(c)
            event = c.started if c.kind == "sidecar" else c.over
            while not event.wait(0.1):
                if self.deleted:
                    return False
            if c.kind == "init" and c.code:
                return False
        for c in self.main:
            self.launch(c)
        return True

    def await_end(self):
        while not self.deleted and not all(c.over.is_set() for c in self.main):
            # With a limit, as a signal's handler can only set a variable.
            self.changed.wait(0.1)
            self.changed.clear()

    def together(self, action, containers):
        threads = [threading.Thread(target=action, args=(c,)) for c in containers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def end(self):
        deadline = time.monotonic() + self.grace
        sidecars = self.sidecars()

        def stop_with_hook(c):
            c.hook()
            c.stop(deadline)

        hooks = threading.Thread(target=self.together, args=(Container.hook, sidecars))
        hooks.start()
        self.together(stop_with_hook, [c for c in self.launched if c not in sidecars])
        hooks.join()
        for c in reversed(sidecars):
            c.stop(max(deadline, time.monotonic() + SIDECAR_GRACE))

    def mounted(self):
        with open("/proc/self/mountinfo") as f:
            return [line.split()[4] for line in f if line.split()[4].startswith(f"{self.root}/{self.name}/")]

    def run(self):
        share = ["--share", "net,ipc,uts" + (",pid" if self.spec.get("shareProcessNamespace") else "")]
        podman("pod", "create", "--name", self.name, "--network=none", *share)
        initialized = self.start()
        if initialized:
            self.await_end()
        self.end()
        if self.deleted:
            phase = "Deleted"
        else:
            good = initialized and all(c.code == 0 for c in self.main)
            phase = "Succeeded" if good else "Failed"
        say("phase", phase)
        for path in self.mounted():
            say("mounted", path)
        podman("pod", "rm", "-f", "-t", "0", self.name)
        return 3 if self.mounted() else 1 if phase == "Failed" else 0

    def delete(self, *_):
        self.deleted = True


def pod_of(document):
    kind = document["kind"]
    if kind == "Pod":
        return document["metadata"]["name"], document["spec"]
    if kind in ("Job", "Deployment", "StatefulSet"):
        return document["metadata"]["name"], document["spec"]["template"]["spec"]
    return None


def read_pod(path):
    with sys.stdin if path == "-" else open(path) as f:
        pods = [p for p in map(pod_of, filter(None, yaml.safe_load_all(f))) if p]
    if len(pods) != 1:
        die(f"{path}: {len(pods)} pods, expected one")
    return pods[0]


def pairs(options):
    return dict(o.split("=", 1) for o in options)


def change(spec, o):
    """What a test wants to be otherwise."""
    if o.grace is not None:
        spec["terminationGracePeriodSeconds"] = o.grace
    commands, arguments, memory = pairs(o.command), pairs(o.args), pairs(o.memory)
    for c in spec["containers"] + spec.get("initContainers", []):
        if c["name"] in commands:
            c["command"] = ["sh", "-c", commands.pop(c["name"])]
            c.pop("args", None)
        if c["name"] in arguments:
            c["args"] = arguments.pop(c["name"]).split()
        if c["name"] in memory:
            c["resources"] = {"limits": {"memory": memory.pop(c["name"])}}
    for name in [*commands, *arguments, *memory]:
        die(f"no such container: {name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root")
    parser.add_argument("--name")
    parser.add_argument("--command", action="append", default=[])
    parser.add_argument("--args", action="append", default=[])
    parser.add_argument("--memory", action="append", default=[])
    parser.add_argument("--grace", type=int)
    parser.add_argument("--after", action="append", default=[])
    parser.add_argument("--print", action="store_true")
    parser.add_argument("manifest")
    o = parser.parse_args()
    name, spec = read_pod(o.manifest)
    name = o.name or name
    change(spec, o)
    if o.print:
        yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}, sys.stdout)
        return 0
    pod = Pod(name, spec, o.root, pairs(o.after))
    signal.signal(signal.SIGTERM, pod.delete)
    return pod.run()


sys.exit(main())
