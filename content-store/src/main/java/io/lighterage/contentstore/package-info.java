/// Nouns of image distribution and the store every byte goes through.
///
/// The root package holds the values ([io.lighterage.contentstore.Digest],
/// [io.lighterage.contentstore.Descriptor], …) and the roles
/// ([io.lighterage.contentstore.ContentStore], [io.lighterage.contentstore.Ingest], …);
/// `manifest` parses OCI documents; `disk` keeps blobs and ingests in files; `sqlite` keeps the metadata.
@NullMarked
package io.lighterage.contentstore;

import org.jspecify.annotations.NullMarked;
