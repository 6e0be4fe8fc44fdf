/// Container image encryption in the manner of ocicrypt: decrypting blobs and key wrapping.
///
/// Nothing here yet; the package exists so that its place in the house is fixed.
@NullMarked
package io.lighterage.encryption;

import org.jspecify.annotations.NullMarked;
