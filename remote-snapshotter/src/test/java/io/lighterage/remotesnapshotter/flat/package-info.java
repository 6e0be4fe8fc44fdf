@NullMarked
package io.lighterage.remotesnapshotter.flat;

import org.jspecify.annotations.NullMarked;
