/// The services containerd reaches over a `proxy_plugins` socket. Begin with [SnapshotterServer].
@NullMarked
package io.lighterage.proxyplugin;

import org.jspecify.annotations.NullMarked;
