/// Tests of layer application; [io.lighterage.remotesnapshotter.apply.TreeListing] serves other modules' tests, too.
@NullMarked
package io.lighterage.remotesnapshotter.apply;

import org.jspecify.annotations.NullMarked;
