/// The snapshotter behind a real containerd.
@NullMarked
package io.lighterage.app.containerd;

import org.jspecify.annotations.NullMarked;
