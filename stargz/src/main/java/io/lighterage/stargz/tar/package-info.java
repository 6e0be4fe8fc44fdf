/// Tar streams of layers, read and written. Start at [io.lighterage.stargz.tar.TarReader]; the format's bytes and
/// limits stand in [io.lighterage.stargz.tar.TarFormat].
@NullMarked
package io.lighterage.stargz.tar;

import org.jspecify.annotations.NullMarked;
