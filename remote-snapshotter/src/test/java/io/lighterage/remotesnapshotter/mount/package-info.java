@NullMarked
package io.lighterage.remotesnapshotter.mount;

import org.jspecify.annotations.NullMarked;
