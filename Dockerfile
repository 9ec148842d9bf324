# SPDX-License-Identifier: Apache-2.0
#
# The sidecar's image: static executables on nothing. For another architecture the compiler is a cross
# compiler, so that no emulator is needed to build it:
#
#	docker build -t graveyardfs:0.1.0 .
#	docker build -t graveyardfs:0.1.0 --platform linux/arm64 .
#
# Docker before 23 takes DOCKER_BUILDKIT=1 for it. podman 4.3 and later build it, too; its health check takes
# `--format docker`: OCI images have none.
FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS build

ARG TARGETARCH
# The packages come before the sources, so that they are installed once.
RUN set -eu; \
	native=$(dpkg --print-architecture); \
	arch=${TARGETARCH:-$native}; \
	case $arch in \
	amd64) gnu=x86_64-linux-gnu cpu=x86_64 ;; \
	arm64) gnu=aarch64-linux-gnu cpu=aarch64 ;; \
	*) echo "not for $arch" >&2; exit 1 ;; \
	esac; \
	compiler='gcc musl-tools'; \
	if [ "$arch" != "$native" ]; then \
		dpkg --add-architecture "$arch"; \
		compiler=gcc-$(echo "$gnu" | tr _ -); \
	fi; \
	apt-get update -qq; \
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		$compiler meson ninja-build pkg-config "libc6-dev:$arch" "libfuse3-dev:$arch" \
		"libseccomp-dev:$arch" "libsqlite3-dev:$arch" "zlib1g-dev:$arch" >/dev/null; \
	rm -rf /var/lib/apt/lists/*; \
	printf '%s\n' \
		'[binaries]' "c = '$gnu-gcc'" "ar = '$gnu-ar'" "strip = '$gnu-strip'" \
		"pkgconfig = 'pkg-config'" \
		'[built-in options]' "pkg_config_path = '/usr/lib/$gnu/pkgconfig'" \
		'[host_machine]' "system = 'linux'" "cpu_family = '$cpu'" "cpu = '$cpu'" \
		"endian = 'little'" >/cross.ini

COPY . /src
RUN meson setup /build /src --cross-file /cross.ini --buildtype=release --prefix=/ --bindir=/ \
		-Dstatic=true -Dtests=disabled -Dmount_tests=disabled -Dman=disabled -Ddeploy=false && \
	DESTDIR=/out meson install -C /build --strip

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="graveyardfs" \
	org.opencontainers.image.description="Containers tell a directory when they are born, ready and dead; others wait there with cat" \
	org.opencontainers.image.version="$VERSION" \
	org.opencontainers.image.licenses="Apache-2.0 AND LGPL-2.1-or-later" \
	org.opencontainers.image.base.name="scratch"
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /out/graveyardfs /out/bury /

# What deploy/ mounts, in a subdirectory of a volume at /pod.
ENTRYPOINT ["/graveyardfs"]
CMD ["/pod/graveyard"]
HEALTHCHECK --interval=10s --timeout=10s --retries=3 CMD ["/graveyardfs", "--check", "/pod/graveyard"]
