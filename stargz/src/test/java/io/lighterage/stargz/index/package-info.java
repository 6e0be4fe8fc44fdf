@NullMarked
package io.lighterage.stargz.index;

import org.jspecify.annotations.NullMarked;
