@NullMarked
package io.lighterage.runtime;

import org.jspecify.annotations.NullMarked;
