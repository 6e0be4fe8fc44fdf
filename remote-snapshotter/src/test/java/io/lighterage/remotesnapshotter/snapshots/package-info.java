@NullMarked
package io.lighterage.remotesnapshotter.snapshots;

import org.jspecify.annotations.NullMarked;
