@NullMarked
package io.lighterage.stargz;

import org.jspecify.annotations.NullMarked;
