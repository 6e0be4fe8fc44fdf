@NullMarked
package io.lighterage.remotesnapshotter.erofs;

import org.jspecify.annotations.NullMarked;
