/// Layers become one tree that can be mounted before its bytes are here.
///
/// Read [io.lighterage.remotesnapshotter.mount.ImageTree] first (what the layers mean together), then
/// [io.lighterage.remotesnapshotter.mount.FuseTreeMounter] (how the kernel gets to see it).
@NullMarked
package io.lighterage.remotesnapshotter.mount;

import org.jspecify.annotations.NullMarked;
