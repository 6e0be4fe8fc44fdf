/// Layers that are used before they are here: flat files that fill themselves, and the cache they lie in.
///
/// [LazyImage] is the place to start reading; [FlatFile] is the heart.
@NullMarked
package io.lighterage.remotesnapshotter.lazy;

import org.jspecify.annotations.NullMarked;
