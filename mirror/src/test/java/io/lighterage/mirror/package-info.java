@NullMarked
package io.lighterage.mirror;

import org.jspecify.annotations.NullMarked;
