/// The demonstration: a sample image of this machine's files, and a registry inside this process that serves it.
@NullMarked
package io.lighterage.app.demo;

import org.jspecify.annotations.NullMarked;
