@NullMarked
package io.lighterage.resolver.credentials;

import org.jspecify.annotations.NullMarked;
