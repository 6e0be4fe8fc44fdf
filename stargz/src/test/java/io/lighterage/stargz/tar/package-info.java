@NullMarked
package io.lighterage.stargz.tar;

import org.jspecify.annotations.NullMarked;
