package io.lighterage.linux.openssl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Optional;

/// SHA-256 by `libcrypto.so.3`. The JDK's own is as fast once its optimizing compiler has seen to it, and many
/// times slower until then, which is most of the life of a command.
///
/// As other digests, for one thread at a time.
public final class NativeSha256 extends MessageDigest implements Cloneable {
    /// What one call hashes at most: no collection of garbage can begin while one is under way, which takes 0.2 ms.
    private static final int PIECE = 256 << 10;

    private final CryptoLibrary library;
    private final byte[] state;

    private NativeSha256(CryptoLibrary library, byte[] state) {
        super("SHA-256");
        this.library = library;
        this.state = state;
    }

    /// A fresh one; empty where the machine has no such library.
    public static Optional<MessageDigest> create() {
        return CryptoLibrary.find().map(NativeSha256::of);
    }

    static NativeSha256 of(CryptoLibrary library) {
        NativeSha256 fresh = new NativeSha256(library, new byte[CryptoLibrary.STATE_BYTES]);
        fresh.engineReset();
        return fresh;
    }

    @Override
    protected int engineGetDigestLength() {
        return CryptoLibrary.DIGEST_BYTES;
    }

    @Override
    protected void engineUpdate(byte input) {
        engineUpdate(new byte[] {input}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
        update(MemorySegment.ofArray(input).asSlice(offset, length));
    }

    @Override
    protected void engineUpdate(ByteBuffer input) {
        update(MemorySegment.ofBuffer(input));
        input.position(input.limit());
    }

    private void update(MemorySegment bytes) {
        MemorySegment memory = MemorySegment.ofArray(state);
        for (long at = 0; at < bytes.byteSize(); at += PIECE) {
            library.update(memory, bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at)));
        }
    }

    @Override
    protected byte[] engineDigest() {
        byte[] digest = new byte[CryptoLibrary.DIGEST_BYTES];
        end(MemorySegment.ofArray(digest));
        return digest;
    }

    @Override
    protected int engineDigest(byte[] target, int offset, int length) throws DigestException {
        if (length < CryptoLibrary.DIGEST_BYTES) {
            throw new DigestException("a SHA-256 has 32 bytes; there is room for " + length);
        }
        end(MemorySegment.ofArray(target).asSlice(offset, CryptoLibrary.DIGEST_BYTES));
        return CryptoLibrary.DIGEST_BYTES;
    }

    private void end(MemorySegment digest) {
        library.end(digest, MemorySegment.ofArray(state));
        engineReset();
    }

    @Override
    protected void engineReset() {
        library.init(MemorySegment.ofArray(state));
    }

    @Override
    public Object clone() {
        return new NativeSha256(library, state.clone());
    }
}
