@NullMarked
package io.lighterage.resolver.registry;

import org.jspecify.annotations.NullMarked;
