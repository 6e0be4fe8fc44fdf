/// An OCI registry in process: `lighter demo` pulls from it and so do the tests of every module.
///
/// Read [io.lighterage.mirror.MirrorServer] first, then `RegistryApi`, which is the distribution API on one screen.
@NullMarked
package io.lighterage.mirror;

import org.jspecify.annotations.NullMarked;
