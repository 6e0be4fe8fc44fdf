/// Compressed layer blobs in, uncompressed bytes out, in one pass and in constant memory.
///
/// Start at [io.lighterage.stargz.compress.Decompression].
@NullMarked
package io.lighterage.stargz.compress;

import org.jspecify.annotations.NullMarked;
