/* SPDX-License-Identifier: Apache-2.0 */
/* kubexit's environment, as kubexit takes it, without what it swallows. */
#pragma once

#include <stdio.h>

struct options;

/*
 * Sets what the KUBEXIT_ variables say. -EINVAL: `why` (OPTIONS_WHY_MAX bytes) says in a sentence what is wrong.
 *
 * With KUBEXIT_NAME the child is called ready as soon as it runs, as Kubernetes does with a container that has no
 * readiness probe: what birth deps wait for is readiness.
 */
int kubexit_read(struct options *options, char **environment, char *why);

/*
 * The next variable that begins with KUBEXIT_ and is none that we know; NULL: there is no other. `at` (0 at first)
 * says where to go on; `ret_nearest`: the variable that may have been meant.
 */
const char *kubexit_unknown(char **environment, size_t *at, const char **ret_nearest);
