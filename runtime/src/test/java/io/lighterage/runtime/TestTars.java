package io.lighterage.runtime;

import io.lighterage.stargz.tar.Tars;
import java.util.Random;
import java.util.stream.IntStream;

/// Layer contents that do not compress, so that they take time on the wire.
final class TestTars {
    private TestTars() {}

    /// `file-0`, `file-1`, … of random bytes.
    static byte[] randomFiles(Random random, int count, int size) {
        return Tars.tarOf(IntStream.range(0, count)
                .mapToObj(i -> Tars.file("file-" + i, randomBytes(random, size)))
                .toArray(Tars.Item[]::new));
    }

    static byte[] randomBytes(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }
}
