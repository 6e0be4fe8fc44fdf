@NullMarked
package io.lighterage.stargz.compress;

import org.jspecify.annotations.NullMarked;
