/// The `lighter` command: wiring, one class a verb, progress, and the mapping from errors to exit codes.
///
/// Begin with [io.lighterage.app.Main], then any class of [io.lighterage.app.verbs].
@NullMarked
package io.lighterage.app;

import org.jspecify.annotations.NullMarked;
