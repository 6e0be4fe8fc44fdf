@NullMarked
package io.lighterage.resolver.layout;

import org.jspecify.annotations.NullMarked;
