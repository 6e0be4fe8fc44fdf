@NullMarked
package io.lighterage.linux;

import org.jspecify.annotations.NullMarked;
