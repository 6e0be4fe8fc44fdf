/// What a layer holds and where its bytes are. Start at [io.lighterage.stargz.index.LayerIndex]; the file format
/// stands in [io.lighterage.stargz.index.IndexFormat].
@NullMarked
package io.lighterage.stargz.index;

import org.jspecify.annotations.NullMarked;
