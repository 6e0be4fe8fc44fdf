@NullMarked
package io.lighterage.resolver;

import org.jspecify.annotations.NullMarked;
