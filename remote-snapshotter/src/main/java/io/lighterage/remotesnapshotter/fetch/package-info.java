/// Brings layers into the content store and lets them be read while they arrive.
@NullMarked
package io.lighterage.remotesnapshotter.fetch;

import org.jspecify.annotations.NullMarked;
