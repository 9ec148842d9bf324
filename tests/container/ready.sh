#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An app that starts its work once a proxy is ready: a proxy that knows nothing of it, and one whose probe tells.
set -eu
. "$(dirname "$0")/../lib/container.sh"

# busybox' httpd, as process 1, does not end by TERM.
# The proxy comes up when it may: before that the app waits.
pod_run unchanged "$deploy/kubernetes/ready-unchanged.yaml" --grace 1 --command 'proxy=
	until [ -e /tmp/up ]; do sleep 0.1; done
	exec httpd -f -p 127.0.0.1:8080 -h /etc'
wait_parked .wait/listening/8080@60s
in_container proxy touch /tmp/up
said app "$(podman inspect -f '{{.Config.Hostname}}' "$(podman pod inspect -f '{{.InfraContainerID}}' unchanged)")"
pod_ends 0

pod_run probe "$deploy/kubernetes/ready-probe.yaml" --grace 1
pod_event 'ready proxy'
pod_ends 0
[ "$(sed -n 's/^Ready: //p' "$G/proxy" | wc -l)" = 1 ] || fail "the proxy was never ready: $(cat "$G/proxy")"
