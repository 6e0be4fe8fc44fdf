/// Layers that can be read in parts: eStargz and zstd:chunked. To read one, start at
/// [io.lighterage.stargz.format.LazyFormats]; to write one, at [io.lighterage.stargz.format.LayerConverter].
@NullMarked
package io.lighterage.stargz.format;

import org.jspecify.annotations.NullMarked;
