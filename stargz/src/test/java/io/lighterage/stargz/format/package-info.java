@NullMarked
package io.lighterage.stargz.format;

import org.jspecify.annotations.NullMarked;
