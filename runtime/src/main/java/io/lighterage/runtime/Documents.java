package io.lighterage.runtime;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStore.IngestResult;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import io.lighterage.contentstore.manifest.ManifestParser;
import java.nio.ByteBuffer;

/// Manifests, indexes and configurations in and out of the content store.
final class Documents {
    private Documents() {}

    /// Reads a whole document from the store.
    ///
    /// @throws ImageException NOT_FOUND when it is not here, INVALID when it is larger than a document may be
    static byte[] read(ContentStore content, Descriptor descriptor) {
        try (Blob blob = content.open(descriptor.digest())) {
            if (blob.size() > ManifestParser.MAX_DOCUMENT_BYTES) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "document " + descriptor.digest() + " has " + blob.size() + " bytes; expected at most "
                                + ManifestParser.MAX_DOCUMENT_BYTES);
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) blob.size());
            blob.readFully(0, bytes);
            return bytes.array();
        }
    }

    /// Puts a verified document into the store, unless it is there.
    static void write(ContentStore content, Descriptor descriptor, byte[] bytes) {
        switch (content.ingest(descriptor)) {
            case IngestResult.Present ignored -> {}
            case IngestResult.Writing writing -> {
                try (Ingest ingest = writing.ingest()) {
                    ingest.write(0, ByteBuffer.wrap(bytes));
                    ingest.commit();
                }
            }
        }
    }
}
