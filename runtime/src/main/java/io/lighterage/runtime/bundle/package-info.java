/// Starting an image once: its root, its OCI runtime bundle, and the container that runs it.
@NullMarked
package io.lighterage.runtime.bundle;

import org.jspecify.annotations.NullMarked;
