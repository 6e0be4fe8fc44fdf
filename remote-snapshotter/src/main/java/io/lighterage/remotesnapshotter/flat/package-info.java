/// Flat files are shown to the kernel as files, before their bytes are here: a file system of one directory,
/// served from `/dev/fuse` without libfuse.
///
/// Read [io.lighterage.remotesnapshotter.flat.FlatServer] first (the threads and what they answer), then
/// [io.lighterage.remotesnapshotter.flat.FlatReads] (reads of what is not here) and
/// [io.lighterage.remotesnapshotter.flat.FuseFormat] (the bytes of requests and replies).
@NullMarked
package io.lighterage.remotesnapshotter.flat;

import org.jspecify.annotations.NullMarked;
