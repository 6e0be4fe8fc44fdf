package io.lighterage.linux.openssl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.NoSuchElementException;
import java.util.Optional;

/// `libcrypto.so.3`, found once and believed only after it has shown that its state has the size we think.
///
/// Its functions of three lines (`SHA256_Init`, `_Update`, `_Final`) keep all they know in a structure without
/// pointers, so the state is an array of ours: nothing has to be freed, and a copy of it is a copy of the hash.
/// The calls last microseconds and call nothing back, so they may be given arrays as they lie on the heap.
///
/// @param init `int SHA256_Init(SHA256_CTX *)`
/// @param update `int SHA256_Update(SHA256_CTX *, const void *, size_t)`
/// @param end `int SHA256_Final(unsigned char *, SHA256_CTX *)`
record CryptoLibrary(MethodHandle init, MethodHandle update, MethodHandle end) {
    /// `sizeof(SHA256_CTX)`: eight words of hash, two of length, sixteen of input, and two counts.
    static final int STATE_BYTES = 112;

    static final int DIGEST_BYTES = 32;

    private static final System.Logger LOG = System.getLogger(CryptoLibrary.class.getName());
    private static final String NAME = "libcrypto.so.3";
    private static final byte CANARY = (byte) 0xa5;
    private static final int RIM = 16;

    /// FIPS 180-2, appendix B.2: the digest of [#SAMPLE].
    private static final byte[] EXPECTED =
            HexFormat.of().parseHex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");

    private static final byte[] SAMPLE =
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".getBytes(StandardCharsets.US_ASCII);

    /// The library of this machine; empty when there is none or it is not one we understand.
    static Optional<CryptoLibrary> find() {
        return Found.LIBRARY;
    }

    private static final class Found {
        private static final Optional<CryptoLibrary> LIBRARY = load(NAME);
    }

    static Optional<CryptoLibrary> load(String name) {
        CryptoLibrary library;
        try {
            SymbolLookup lookup = SymbolLookup.libraryLookup(name, Arena.global());
            library = new CryptoLibrary(
                    handle(lookup, "SHA256_Init", FunctionDescriptor.of(JAVA_INT, ADDRESS)),
                    handle(lookup, "SHA256_Update", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG)),
                    handle(lookup, "SHA256_Final", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS)));
        } catch (IllegalArgumentException | NoSuchElementException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> name + " is not usable here: " + e.getMessage());
            return Optional.empty();
        }
        if (!library.behaves()) {
            LOG.log(System.Logger.Level.WARNING, () -> name + " is of a version Lighterage does not know; not used");
            return Optional.empty();
        }
        return Optional.of(library);
    }

    private static MethodHandle handle(SymbolLookup lookup, String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(lookup.findOrThrow(name), type, Linker.Option.critical(true));
    }

    void init(MemorySegment state) {
        try {
            done((int) init.invokeExact(state), "SHA256_Init");
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    void update(MemorySegment state, MemorySegment bytes) {
        try {
            done((int) update.invokeExact(state, bytes, bytes.byteSize()), "SHA256_Update");
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /// Leaves the state good for [#init] only.
    void end(MemorySegment digest, MemorySegment state) {
        try {
            done((int) end.invokeExact(digest, state), "SHA256_Final");
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    private static void done(int result, String name) {
        if (result != 1) {
            throw new IllegalStateException(name + " returned " + result);
        }
    }

    private static IllegalStateException failed(Throwable cause) {
        return new IllegalStateException("OpenSSL cannot make a SHA-256", cause);
    }

    /// A rehearsal on memory with a marked rim: nothing behind the state is written, and a known text has its digest.
    private boolean behaves() {
        byte[] state = new byte[STATE_BYTES + RIM];
        byte[] digest = new byte[DIGEST_BYTES + RIM];
        Arrays.fill(state, CANARY);
        Arrays.fill(digest, CANARY);
        MemorySegment memory = MemorySegment.ofArray(state);
        init(memory);
        update(memory, MemorySegment.ofArray(SAMPLE));
        end(MemorySegment.ofArray(digest), memory);
        return Arrays.equals(digest, 0, DIGEST_BYTES, EXPECTED, 0, DIGEST_BYTES)
                && rimIsUntouched(digest, DIGEST_BYTES)
                && rimIsUntouched(state, STATE_BYTES);
    }

    private static boolean rimIsUntouched(byte[] memory, int from) {
        for (int i = from; i < memory.length; i++) {
            if (memory[i] != CANARY) {
                return false;
            }
        }
        return true;
    }
}
