/// Snapshots as containerd understands them: directories that overlayfs lays over each other, and the catalog of them.
@NullMarked
package io.lighterage.remotesnapshotter.snapshots;

import org.jspecify.annotations.NullMarked;
