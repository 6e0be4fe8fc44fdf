@NullMarked
package io.lighterage.remotesnapshotter.lazy;

import org.jspecify.annotations.NullMarked;
