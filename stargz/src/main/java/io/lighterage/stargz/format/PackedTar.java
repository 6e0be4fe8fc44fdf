package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.tar.TarEncoder;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarFormat;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Tar entries cut into members: every chunk of a file begins one, and headers go at the end of the member before,
/// or, where payload must stay alone, into members of their own.
final class PackedTar {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

    private final MemberStream members;
    private final boolean payloadAlone;
    private final TarObserver observer;
    private final Consumer<EntryRecord> index;
    private final TarEncoder encoder = new TarEncoder();
    private final ArrayDeque<EntryRecord> waiting = new ArrayDeque<>();
    private @Nullable EntryRecord current;
    private ChunkCuts cuts = ChunkCuts.plain(1);
    private @Nullable MessageDigest whole;
    private long at;
    private int chunkLeft;

    /// Sees the uncompressed stream as what it is made of.
    interface TarObserver {
        /// Headers, padding, the archive's end.
        void raw(ByteBuffer bytes);

        /// Payload of the entry.
        void payload(TarEntry entry, ByteBuffer bytes);

        /// The entry's payload is complete.
        void end(TarEntry entry);
    }

    /// @param payloadAlone whether a member with payload may hold nothing else
    /// @param index takes every entry in order, once everything is known of it
    PackedTar(MemberStream members, boolean payloadAlone, TarObserver observer, Consumer<EntryRecord> index) {
        this.members = members;
        this.payloadAlone = payloadAlone;
        this.observer = observer;
        this.index = index;
    }

    /// Begins an entry, which must be dense; [TarEntry#size] bytes must follow through [#payload] and [#zeros].
    void begin(TarEntry entry, ChunkCuts chunkCuts) {
        raw(encoder.header(entry));
        EntryRecord record = new EntryRecord(entry);
        waiting.add(record);
        current = record;
        at = 0;
        cuts = chunkCuts;
        whole = entry.size() > 0 && cuts.lengthAt(0, entry.size()) < entry.size() ? Digest.newHasher("sha256") : null;
        settleCurrent();
    }

    /// The next bytes of the payload.
    void payload(ByteBuffer bytes) {
        EntryRecord record = required();
        while (bytes.hasRemaining()) {
            if (chunkLeft == 0) {
                chunkLeft = at < record.entry.size() ? cuts.lengthAt(at, record.entry.size()) : 0;
                if (chunkLeft == 0) {
                    throw new ImageException(
                            ErrorKind.INTERNAL, "entry " + record.entry.name() + " has more bytes than it says");
                }
                members.beginChunk(record, record.add(at, chunkLeft, cuts.rankAt(at, chunkLeft)));
            }
            int count = Math.min(bytes.remaining(), chunkLeft);
            ByteBuffer part = bytes.slice(bytes.position(), count);
            if (whole != null) {
                whole.update(part.duplicate());
            }
            observer.payload(record.entry, part.duplicate());
            members.append(part);
            bytes.position(bytes.position() + count);
            at += count;
            chunkLeft -= count;
        }
        settleCurrent();
    }

    /// So many bytes of the payload that are zero.
    void zeros(long count) {
        for (long left = count; left > 0; left -= Math.min(left, ZEROS.capacity())) {
            payload(ZEROS.duplicate().limit((int) Math.min(left, ZEROS.capacity())));
        }
    }

    /// Raw bytes that belong to no entry.
    void raw(ByteBuffer bytes) {
        observer.raw(bytes.duplicate());
        members.append(bytes);
    }

    /// The two zero blocks, and everything written out.
    void finish(boolean end) {
        if (end) {
            raw(ZEROS.duplicate().limit(2 * TarFormat.BLOCK));
        }
        members.finish();
        handOver();
    }

    private void settleCurrent() {
        EntryRecord record = required();
        if (at < record.entry.size()) {
            return;
        }
        record.end(whole == null ? null : Digest.finish("sha256", whole));
        observer.end(record.entry);
        current = null;
        if (at > 0 && payloadAlone) {
            members.beginMember();
        }
        int padding = (int) (-at & TarFormat.BLOCK - 1);
        if (padding > 0) {
            raw(ZEROS.duplicate().limit(padding));
        }
        handOver();
    }

    private EntryRecord required() {
        EntryRecord record = current;
        if (record == null) {
            throw new IllegalStateException("no entry has been begun");
        }
        return record;
    }

    private void handOver() {
        while (!waiting.isEmpty() && waiting.getFirst().complete()) {
            index.accept(waiting.removeFirst());
        }
    }

    /// The entry without holes, under the same name.
    static TarEntry dense(TarEntry entry) {
        return entry.sparse().isEmpty()
                ? entry
                : new TarEntry(
                        entry.name(),
                        entry.type(),
                        entry.linkName(),
                        entry.mode(),
                        entry.uid(),
                        entry.gid(),
                        entry.size(),
                        entry.modifySeconds(),
                        entry.modifyNanos(),
                        entry.deviceMajor(),
                        entry.deviceMinor(),
                        entry.xattrs(),
                        List.of());
    }
}
