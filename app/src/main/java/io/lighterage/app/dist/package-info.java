/// The tarball that brings `lighter` to a machine without its sources.
@NullMarked
package io.lighterage.app.dist;

import org.jspecify.annotations.NullMarked;
