package io.lighterage.stargz.format;

import io.lighterage.contentstore.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Members that a worker compresses in one go, with the memory for both sides of that.
///
/// It belongs to one thread at a time: that of the layer fills it, a worker packs it, that of the layer takes it back.
final class Slot {
    final ByteBuffer raw;
    final ByteBuffer packed;
    private final List<Member> members = new ArrayList<>();

    /// One member: raw bytes `[start, end)`, the first of which may be a chunk's.
    static final class Member {
        final @Nullable EntryRecord entry;
        final @Nullable ChunkRecord chunk;
        private final int start;
        private int end;

        /// Its compressed bytes in [Slot#packed].
        int packedStart;

        int packedEnd;

        private Member(int start, @Nullable EntryRecord entry, @Nullable ChunkRecord chunk) {
            this.start = start;
            this.entry = entry;
            this.chunk = chunk;
        }
    }

    Slot(int rawBytes, int packedBytes) {
        raw = ByteBuffer.allocateDirect(rawBytes);
        packed = ByteBuffer.allocateDirect(packedBytes);
    }

    void clear() {
        raw.clear();
        packed.clear();
        members.clear();
    }

    List<Member> members() {
        return members;
    }

    /// Begins a member with what follows.
    void begin(@Nullable EntryRecord entry, @Nullable ChunkRecord chunk) {
        endMember();
        members.add(new Member(raw.position(), entry, chunk));
    }

    /// Closes the last member, which is none if it got no bytes.
    void endMember() {
        if (members.isEmpty()) {
            return;
        }
        members.getLast().end = raw.position();
        if (members.getLast().start == raw.position()) {
            members.removeLast();
        }
    }

    /// What [#raw] must not hold more of when `encoder` is to fit it into [#packed].
    long bound(MemberEncoder encoder, int moreBytes) {
        long bytes = raw.position() + (long) moreBytes;
        // the bound of each member exceeds its share of the whole's by a constant
        return encoder.bound(Math.toIntExact(bytes)) + (members.size() + 2L) * encoder.bound(0);
    }

    /// Compresses every member; runs on a worker.
    void pack(MemberEncoder encoder) {
        packed.clear();
        MessageDigest hasher = Digest.newHasher("sha256");
        for (Member member : members) {
            ByteBuffer bytes = raw.duplicate().limit(member.end).position(member.start);
            ChunkRecord chunk = member.chunk;
            if (chunk != null) {
                ByteBuffer content = bytes.duplicate().limit(member.start + chunk.length);
                chunk.zeros = isZero(content.duplicate());
                hasher.update(content);
                chunk.digest = Digest.finish("sha256", hasher);
            }
            member.packedStart = packed.position();
            encoder.encode(bytes, packed);
            member.packedEnd = packed.position();
        }
        packed.flip();
    }

    private static boolean isZero(ByteBuffer bytes) {
        while (bytes.remaining() >= Long.BYTES) {
            if (bytes.getLong() != 0) {
                return false;
            }
        }
        while (bytes.hasRemaining()) {
            if (bytes.get() != 0) {
                return false;
            }
        }
        return true;
    }
}
