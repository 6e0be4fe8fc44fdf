/// What other programs have to be told so that they use lighter: containerd, nerdctl, k3s, Kubernetes and
/// systemd.
@NullMarked
package io.lighterage.app.setup;

import org.jspecify.annotations.NullMarked;
