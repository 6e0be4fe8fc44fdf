@NullMarked
package io.lighterage.remotesnapshotter;

import org.jspecify.annotations.NullMarked;
