# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# podman as the container tests use it: with all that it keeps in one directory.

# limit_of RESOURCE-FLAG WANTED: what can be had of it. podman wants much by default, and without
# CAP_SYS_RESOURCE no container starts that asks for more than the hard limit.
limit_of()
{
	# shellcheck disable=SC3045 # dash has -H and -n; -p is -u elsewhere
	hard=$(ulimit -H "$1")
	if [ "$hard" = unlimited ] || [ "$hard" -gt "$2" ]; then
		echo "$2"
	else
		echo "$hard"
	fi
}

# podman_private DIRECTORY STORE [IMAGES]: podman keeps containers and images in STORE, what is of the
# moment in DIRECTORY, and reads images that lie in IMAGES, too. To be called in a mount namespace of
# one's own; afterwards propagation is as on a node: / is shared.
podman_private()
{
	mount --make-rprivate /
	# Other podmans have their locks there.
	mount -t tmpfs tmpfs /dev/shm
	mount -t tmpfs -o mode=755 tmpfs /run
	mount --make-rshared /

	export CONTAINERS_CONF="$1/containers.conf" CONTAINERS_STORAGE_CONF="$1/storage.conf"
	export CONTAINERS_REGISTRIES_CONF="$1/registries.conf" TMPDIR="$1/tmp"
	mkdir -p "$TMPDIR" "$2"
	files=$(limit_of -n 1048576)
	processes=$(limit_of -p 4194304)
	cat >"$CONTAINERS_CONF" <<-END
		[containers]
		default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
		[engine]
		runtime = "runc"
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	END
	cat >"$CONTAINERS_STORAGE_CONF" <<-END
		[storage]
		driver = "overlay"
		graphroot = "$2"
		runroot = "/run/containers"
		[storage.options]
		additionalimagestores = [${3:+\"$3\"}]
	END
	# Nothing is ever asked for over the network.
	echo 'unqualified-search-registries = ["localhost"]' >"$CONTAINERS_REGISTRIES_CONF"
}

# build_graveyardfs OPTION…: as anybody would. The network is this machine's, as no other is made; it is
# needed for packages. podman 4.3 does not know the build's platform by itself.
build_graveyardfs()
{
	# shellcheck disable=SC2154 # of whoever reads this
	nice podman build -q --pull=never --network host --format docker \
		--build-arg "BUILDPLATFORM=linux/$(dpkg --print-architecture)" "$@" "$top"
}
