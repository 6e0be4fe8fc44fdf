package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.BlobInfo;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/// One blob being written into files.
///
/// Three things happen to a write, in this order: its bytes go to the file, its range becomes *here* (in memory,
/// then in the range file), and the digest moves on. [Progress] sees to it that two writes never touch one byte at
/// the same time and that bytes of the contiguous prefix are never written again; so what was hashed from a
/// writer's buffer is what the file holds.
///
/// What a failure leaves: a failed write keeps every byte that was written before it. A commit that finds a wrong
/// digest, or cannot make the file durable (after which the kernel may have dropped pages), keeps nothing. A commit
/// interrupted before that keeps everything.
final class LocalIngest implements Ingest {
    private final Descriptor expected;
    private final IngestFiles files;
    private final SteadyFile data;
    private final Progress progress;
    private final PrefixDigest digest;
    private final WriterPlaces.Place place;
    private final Function<Descriptor, BlobInfo> record;
    private final Consumer<LocalIngest> onClose;

    /// @param place the digest's place, released by [#close]
    /// @param record makes the published blob visible
    LocalIngest(
            Descriptor expected,
            IngestFiles files,
            IngestFiles.Opened opened,
            WriterPlaces.Place place,
            Function<Descriptor, BlobInfo> record,
            Consumer<LocalIngest> onClose) {
        this.expected = expected;
        this.files = files;
        this.data = opened.data();
        this.progress = new Progress(expected, opened.here(), opened.ranges());
        this.digest = new PrefixDigest(expected.digest(), data);
        this.place = place;
        this.record = record;
        this.onClose = onClose;
    }

    @Override
    public Descriptor expected() {
        return expected;
    }

    @Override
    public List<ByteRange> missing() {
        return progress.missing();
    }

    @Override
    public long contiguous() {
        return progress.contiguous();
    }

    /// Bytes not yet here: what the disk must still hold.
    long remaining() {
        return progress.remaining();
    }

    @Override
    public void write(long offset, ByteBuffer source) {
        int length = source.remaining();
        if (offset < 0 || offset > expected.size() || length > expected.size() - offset) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "blob " + expected.digest() + " got " + length + " bytes at " + offset + "; expected no more than "
                            + expected.size() + " bytes in all");
        }
        int first = source.position();
        long end = offset + length;
        try {
            for (long at = offset; at < end; ) {
                ByteRange piece = progress.begin(at, end);
                if (piece.length() > 0) {
                    source.limit(first + (int) (piece.end() - offset))
                            .position(first + (int) (piece.offset() - offset));
                    writePiece(piece, source);
                }
                at = piece.end();
            }
            source.limit(first + length).position(first + length);
        } catch (IOException e) {
            throw FileErrors.writing(
                    "cannot write blob " + expected.digest() + ", which needs " + progress.remaining() + " bytes more,",
                    files.directory(),
                    e);
        }
    }

    /// Writes what remains of `source`, which is all of a piece claimed for it.
    private void writePiece(ByteRange piece, ByteBuffer source) throws IOException {
        int start = source.position();
        try {
            data.write(piece.offset(), source);
        } finally {
            progress.end(piece.offset(), piece.end(), piece.offset() + (source.position() - start));
        }
        digest.advance(progress.contiguous(), source, start, piece.offset());
    }

    @Override
    public Blob tail() {
        return new TailBlob(progress, data.retain(), files.data(), expected.size());
    }

    @Override
    public void fail(ImageException cause) {
        progress.fail(cause);
    }

    @Override
    public BlobInfo commit() {
        progress.beginCommit();
        boolean keep = true;
        try {
            Digest actual = digest.finish(expected.size());
            keep = false;
            if (!actual.equals(expected.digest())) {
                throw new ImageException(
                        ErrorKind.CORRUPT,
                        "blob of " + expected.size() + " bytes has digest " + actual + "; expected " + expected.digest()
                                + "; its bytes were thrown away, fetch it again");
            }
            files.publish(data);
        } catch (IOException e) {
            ImageException failure =
                    FileErrors.writing("cannot commit blob " + expected.digest(), files.directory(), e);
            abandonCommit(keep, failure);
            throw failure;
        } catch (ImageException e) {
            abandonCommit(keep, e);
            throw e;
        }
        try {
            return record.apply(expected);
        } finally {
            // Also when recording failed: the file is a blob by now, and the next ingest of its digest finds it.
            progress.published();
        }
    }

    private void abandonCommit(boolean keep, ImageException failure) {
        if (keep) {
            progress.reopen();
            return;
        }
        progress.spoil(failure);
        try {
            files.discard();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        if (!progress.close()) {
            return;
        }
        try (place) {
            data.release();
        } catch (IOException e) {
            throw FileErrors.of("cannot close the ingest of " + expected.digest(), files.directory(), e);
        } finally {
            onClose.accept(this);
        }
    }
}
