/// Blobs and ingests in files: the layout under the root, writing, verifying, collecting, checking.
///
/// Read [io.lighterage.contentstore.disk.LocalStore] first, then `LocalContent` and `LocalIngest`.
@NullMarked
package io.lighterage.contentstore.disk;

import org.jspecify.annotations.NullMarked;
