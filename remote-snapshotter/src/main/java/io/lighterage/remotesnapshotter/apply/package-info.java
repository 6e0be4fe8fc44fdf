/// Application of layers: a tar stream becomes a tree of files, verified, contained and fast.
///
/// Read [io.lighterage.remotesnapshotter.apply.LayerUnpacker] first, then
/// [io.lighterage.remotesnapshotter.apply.LayerApplier].
@NullMarked
package io.lighterage.remotesnapshotter.apply;

import org.jspecify.annotations.NullMarked;
