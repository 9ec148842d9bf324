#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What users copy is valid by Kubernetes' own schemas, the component adds what it says to all kinds of pods, and
# what comes out of it runs.
set -eu
. "$(dirname "$0")/../lib/container.sh"

[ -d "$work/node/node_modules/kubernetes-models" ] || skip "there are no validators"

# validate FILE: all objects in it.
validate()
{
	python3 -c 'import json, sys, yaml
json.dump([d for d in yaml.safe_load_all(open(sys.argv[1])) if d], sys.stdout)' "$1" |
		node "$here/validate.js" "$work/node" >"$T/valid" || fail "$1 is not valid"
}

for file in "$deploy"/kubernetes/*.yaml; do
	validate "$file"
	grep -q '^# ' "$file" || fail "$file does not explain itself"
	# Nobody has the volume's root for a mount point, and nobody but the sidecar the database.
	! grep -E '"/pod"\]|mountPath: /pod/graveyard' "$file" || fail "$file mounts over the volume"
	# Where nothing is mounted there is none.
	expect_eq "who mounts the database in $file" \
		"$(grep -c 'name: graveyard-db, mountPath' "$file")" "$(grep -c 'privileged: true' "$file" | sed 's/[2-9]/1/')"
done

# The validators do find what is wrong.
sed 's/restartPolicy: Never/restartPolicy: 5/' "$deploy/kubernetes/job.yaml" >"$T/type.yaml"
(validate "$T/type.yaml") 2>/dev/null && fail "a number is valid for a policy"
sed 's/mountPropagation/mountPropagatoin/' "$deploy/kubernetes/job.yaml" >"$T/typo.yaml"
(validate "$T/typo.yaml") 2>/dev/null && fail "a typo is valid"

# --- kustomize

kubectl kustomize --help >/dev/null 2>&1 || skip "there is no kubectl that has kustomize"
kubectl version --client 2>/dev/null | grep -q 'Kustomize Version: v[5-9]' ||
	skip_always "this kubectl's kustomize knows no components"
mkdir "$T/k" "$T/k/component"
cp "$deploy"/kubernetes/component/* "$T/k/component"
cat >"$T/k/kustomization.yaml" <<-'END'
	resources: [all.yaml]
	components: [component]
	images:
	- {name: graveyardfs, newName: localhost/graveyardfs, newTag: 0.1.0}
END
pod='
      initContainers:
      - {name: mine, image: "busybox:1.36", command: [test, -e, /pod/graveyard/.help],
         volumeMounts: [{name: graveyard, mountPath: /pod, mountPropagation: HostToContainer}]}
      containers:
      - {name: app, image: "busybox:1.36", command: [sh, -c, "echo 0 >/pod/graveyard/.died/app"],
         volumeMounts: [{name: graveyard, mountPath: /pod, mountPropagation: HostToContainer}]}'
{
	for kind in Deployment StatefulSet; do
		printf 'apiVersion: apps/v1\nkind: %s\nmetadata: {name: d}\nspec:\n  serviceName: s\n' $kind |
			if [ $kind = Deployment ]; then grep -v serviceName; else cat; fi
		printf '  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n'
		printf '    spec:%s\n---\n' "$pod"
	done
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:%s\n---\n' "$(echo "$pod" | sed 's/^    //')"
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    spec:\n'
	printf '      restartPolicy: Never%s\n' "$pod"
} >"$T/k/all.yaml"
kubectl kustomize "$T/k" >"$T/all.yaml"
validate "$T/all.yaml"
expect_eq "objects" "$(cat "$T/valid")" "4 valid"
expect_eq "sidecars that were added" "$(grep -c 'image: localhost/graveyardfs:0.1.0' "$T/all.yaml")" 8
expect_eq "volumes that were added" "$(grep -c 'emptyDir: {}' "$T/all.yaml")" 8

python3 -c 'import sys, yaml
yaml.safe_dump([d for d in yaml.safe_load_all(open(sys.argv[1])) if d["kind"] == "Job"][0], sys.stdout)' \
	"$T/all.yaml" >"$T/job.yaml"
pod_run kustomized "$T/job.yaml"
pod_ends 0
expect_eq "order" "$(sed -n 's/^start \([^ ]*\) 1$/\1/p' "$PODS/$pod.kubelet" | paste -sd ' ')" \
	"graveyard-janitor graveyard mine app"
grep -q '^ExitCode: 0$' "$G/app" || fail "the app left no stone"
